internal import BusProtocol

// Every key of a topology file, once: the parser reads by these, and the schema is printed from them.

/// The file itself.
enum TopologyKeys {
  static let version = Key(
    "version", .wholeNumber(1...1), "The version of the file's format.", example: "1", isRequired: true)
  static let bus = KeyEntry(
    "bus", .map(BusKeys.table), "How the daemon listens and keeps. What is left out is its own choice.",
    example: "bus: { publish: tcp://127.0.0.1:5570 }")
  static let topics = KeyEntry(
    "topics", .maps(.topicPattern, TopicKeys.table),
    "What holds for topics, by pattern; of several that match, the first counts. Others use bus.spool.retain.",
    example: "topics: { \"debug_*\": { retain: none } }")
  static let retry = KeyEntry(
    "retry", .maps(.name, RetryKeys.table),
    "Retry policies by name. The policy 'standard' is there without being written, and may be written anew.",
    example: "retry: { payment: { attempts: 25 } }")
  static let engines = KeyEntry(
    "engines", .maps(.name, EngineKeys.table), "The applications by name.",
    example: "engines: { search: { binary: search } }")
  static let access = KeyEntry(
    "access", .map(AccessKeys.table),
    "Who may come in over tcp, and who may do what. Without it everything is allowed, on this machine alone.",
    example: "access: { keys: /etc/bus/keys, key: /etc/bus/busd.key }")
  static let table = KeyTable(
    "topology", [version.entry, bus, topics, retry, engines, access], later: ["alerts"])
}

/// The section `bus`.
enum BusKeys {
  static let publish = Key(
    "publish", .endpoint,
    "Where services and engines connect: they publish with acknowledgement, read, and take jobs here.",
    example: "tcp://127.0.0.1:5570")
  static let subscribe = Key(
    "subscribe", .endpoint, "Where live events go out, also to plain SUB sockets.",
    example: "tcp://127.0.0.1:5571")
  static let intake = Key(
    "intake", .endpoint, "Where plain PUB sockets publish without acknowledgement.",
    example: "tcp://127.0.0.1:5572")
  static let store = Key(
    "store", .store, "Where the jobs are kept.", example: "sqlite:/var/lib/bus/jobs.db")
  static let spool = KeyEntry(
    "spool", .map(SpoolKeys.table), "Where the events are kept, and how long.",
    example: "spool: { dir: /var/lib/bus/spool }")
  static let limits = KeyEntry(
    "limits", .map(LimitsKeys.table), "What one process may take from the others.",
    example: "limits: { payload: 64KiB, events: 5000/s }")
  static let table = KeyTable(
    "bus", [publish.entry, subscribe.entry, intake.entry, spool, store.entry, limits], later: ["dashboard"])
}

/// The section `bus.spool`.
enum SpoolKeys {
  static let directory = Key(
    "dir", .path, "The directory of the segments.", example: "/var/lib/bus/spool")
  static let retain = KeyEntry(
    "retain", .map(RetainKeys.spool),
    "What may go: events that are too old, or the oldest while all take too much.",
    example: "retain: { age: 14d, size: 20GiB }")
  static let table = KeyTable("bus.spool", [directory.entry, retain], later: ["sync"])
}

/// The rules of retention.
enum RetainKeys {
  static let age = Key(
    "age", .duration(.seconds(1)...Duration.longestInWords),
    "The age at which an event may go. Without it: 14d; for a topic as bus.spool.retain says.", example: "14d")
  static let size = Key(
    "size", .byteCount, "The bytes that all events together may take. Without it: any number.", example: "20GiB")
  static let spool = KeyTable("retain", [age.entry, size.entry])
  static let topic = KeyTable("retain", [age.entry], later: ["size"])
  /// The word for a topic of which nothing is kept.
  static let nothing = "none"
}

/// One of `topics`.
enum TopicKeys {
  static let retain = KeyEntry(
    "retain", .wordOrMap(RetainKeys.nothing, RetainKeys.topic),
    "How long events of these topics are kept; 'none' for only as long as a subscription has still to read them.",
    example: "retain: { age: 90d }")
  static let redacted = ValueForm<RedactedPath>.redactedPath([.data, .context])
  static let redact = KeyEntry(
    "redact", .list(redacted.schema),
    "What of their events people do not see; subscriptions do. Of several patterns that match, all count.",
    example: "redact: [data.email, context.session]")
  static let table = KeyTable("topic", [retain, redact], later: ["schema"])
}

/// One of `retry`.
enum RetryKeys {
  private static let delays: ClosedRange<Duration> = .zero...(.seconds(365 * 86_400))
  private static let standard = RetryPolicy.standard

  static let attempts = Key(
    "attempts", .wholeNumber(1...10_000), "All runs of a job together; after the last it is dead.",
    example: "8", standard: standard.attempts.jsonValue)
  static let backoff = Key(
    "backoff", .word([RetryPolicy.Backoff.exponential, .fixed]),
    "How the delay grows: doubled each time up to max, or always base.", example: "exponential",
    standard: .string(standard.backoff.rawValue))
  static let base = Key(
    "base", .duration(delays), "The first delay.", example: "2s", standard: .string(standard.base.words))
  static let maximum = Key(
    "max", .duration(delays), "The longest delay.", example: "1h", standard: .string(standard.maximum.words))
  static let jitter = Key(
    "jitter", .word([RetryPolicy.Jitter.full, .none]),
    "full: anything up to the delay, so that those who failed together do not come back together.",
    example: "full", standard: .string(standard.jitter.rawValue))
  static let table = KeyTable(
    "retry policy", [attempts.entry, backoff.entry, base.entry, maximum.entry, jitter.entry],
    later: ["on-exhausted"])
}

/// One of `engines`.
enum EngineKeys {
  static let binary = Key(
    "binary", .path,
    "The program: looked for beside the 'bus' program, then relative to this file, then in PATH. "
      + "It is asked '--bus-describe' for its subscriptions and workers.",
    example: "shop", isRequired: true)
  static let argument = ValueForm<String>.anyText
  static let arguments = KeyEntry(
    "arguments", .list(argument.schema), "What the program is started with.", example: "arguments: [search]")
  static let queues = KeyEntry(
    "queues", .maps(.name, QueueKeys.table),
    "The engine's queues. Without the section there is one: 'default', of priority 100.",
    example: "queues: { default: { priority: 100 } }")
  static let workers = KeyEntry(
    "workers", .map(WorkersKeys.table), "The processes that work the queues.",
    example: "workers: { processes: 2 }")
  static let subscriptions = KeyEntry(
    "subscriptions", .maps(.name, SubscriptionKeys.table),
    "Subscriptions are declared in Swift; here they are only wired. One that is not named here runs as declared.",
    example: "subscriptions: { user_index: { queue: default } }")
  static let schedules = KeyEntry(
    "schedules", .maps(.name, ScheduleKeys.table),
    "Jobs that busd makes again and again: each due time one, whatever restarts.",
    example: "schedules: { dunning: { cron: \"0 8 * * mon-fri\", timezone: Europe/Paris, worker: Dunning } }")
  static let redacted = ValueForm<RedactedPath>.redactedPath([.inputs])
  static let redact = KeyEntry(
    "redact", .list(redacted.schema),
    "What of its jobs people do not see, neither in the inputs nor in what their runs say; workers do.",
    example: "redact: [inputs.email]")
  static let table = KeyTable(
    "engine", [binary.entry, arguments, queues, workers, subscriptions, schedules, redact])
}

/// What a queue tells the bus of its jobs, besides their deaths.
enum QueueAnnouncement: String {
  case failed
}

/// One of an engine's `queues`.
enum QueueKeys {
  static let priority = Key(
    "priority", .wholeNumber(-1_000_000_000...1_000_000_000), "Which queue is worked first: higher runs first.",
    example: "100", hint: "higher runs first", standard: QueueDefinition.standardPriority.jsonValue)
  static let weight = Key(
    "weight", .wholeNumber(1...1000),
    "Its share of the turns among the engine's queues of the same priority: 3 beside 1 gets three of four.",
    example: "3", standard: QueueDefinition.standardWeight.jsonValue)
  static let concurrency = Key(
    "concurrency", .limit(upTo: 100_000), "How many of its jobs run at once, over all processes.", example: "4")
  static let rate = Key(
    "rate", .rate,
    "How many of its jobs start in a second, minute, hour or day, over all processes; after a rest a tenth of them at "
      + "once, or as many as 'burst' says.",
    example: "200/s")
  static let limit = Key(
    "limit", .limit(upTo: 1_000_000_000),
    "How many jobs may wait in it. Then new ones are refused, and subscriptions wait with theirs.", example: "10000")
  static let starveAfter = Key(
    "starve-after", .duration(.seconds(1)...Duration.longestInWords),
    "How old a job may get before it goes whatever the priority: such jobs get every second free hand. "
      + "Without it: never.",
    example: "10m")
  static let retry = Key(
    "retry", .name, "The retry policy of jobs that bring none.", example: "standard",
    standard: .string(RetryPolicyDefinition.standardName.text))
  static let timeout = Key(
    "timeout", .duration(.milliseconds(100)...(.seconds(365 * 86_400))),
    "How long a run may take, where the worker says nothing. Then it is cancelled, and the attempt has failed.",
    example: "2m")
  static let retryBudget = Key(
    "retry-budget", .rate,
    "How many failed jobs come back in a second, minute, hour or day; those that are over it wait longer.",
    example: "100/m")
  static let announce = Key(
    "announce", .word([QueueAnnouncement.failed]),
    "failed: each attempt that failed becomes the event 'job_failed'. Without it only deaths do, as 'job_dead'.",
    example: "failed")
  static let table = KeyTable(
    "queue",
    [
      priority.entry, weight.entry, concurrency.entry, rate.entry, limit.entry, starveAfter.entry, timeout.entry,
      retry.entry, retryBudget.entry, announce.entry,
    ], later: ["alert"])
}

/// An engine's `workers`.
enum WorkersKeys {
  private static let standard = WorkersDefinition.standard

  static let processes = Key(
    "processes", .wholeNumber(0...1000), "How many processes are kept running; 0 for none on this machine.",
    example: "2", standard: standard.processes.jsonValue)
  static let concurrency = Key(
    "concurrency", .wholeNumber(1...10_000), "How many jobs one process runs at once.", example: "8",
    standard: standard.concurrency.jsonValue)
  static let shutdown = Key(
    "shutdown", .duration(.zero...(.seconds(86_400))),
    "How long a process that is told to end may take to finish its jobs.", example: "30s",
    standard: .string(standard.shutdown.words))
  static let variable = ValueForm<String>.anyText
  static let environment = KeyEntry(
    "env", .texts(.variable, variable.schema), "What is put into the environment of the processes.",
    example: "env: { LOG_LEVEL: info }")
  static let ready = Key(
    "ready", .duration(.zero...(.seconds(86_400))),
    "After which time a process counts as ready. Without it, it says so itself, as each engine made with Bus does.",
    example: "1s")
  static let start = Key(
    "start", .duration(.seconds(1)...(.seconds(86_400))),
    "How long a process may take to say that it is ready; then it is aborted, and started again after a while. "
      + "Without it: as long as it takes.",
    example: "1m")
  static let watchdog = Key(
    "watchdog", .duration(.seconds(1)...(.seconds(86_400))),
    "How long a process may be silent before it counts as stuck and is replaced. Without it nobody listens.",
    example: "1m")
  static let niceness = Key(
    "nice", .wholeNumber(0...19), "How much the processes give way to others.", example: "10",
    standard: standard.niceness.jsonValue)
  static let recycle = KeyEntry(
    "recycle", .map(RecycleKeys.table),
    "When a process that is well is replaced by another one; never without it.",
    example: "recycle: { age: 1d, memory: 512MiB, jobs: 10000 }")
  static let autoscale = KeyEntry(
    "autoscale", .map(AutoscaleKeys.table),
    "More processes while jobs wait for too long. Without it there are as many as 'processes' says.",
    example: "autoscale: { max: 10, latency: 5s }")
  static let address = ValueForm<ListenAddress>.listen
  static let listen = KeyEntry(
    "listen", .list(address.schema),
    "Sockets that are bound once and handed to each process (LISTEN_FDS): ADDRESS:PORT or unix:PATH.",
    example: "listen: [\"127.0.0.1:8080\"]")
  static let table = KeyTable(
    "workers",
    [
      processes.entry, concurrency.entry, shutdown.entry, environment, ready.entry, start.entry, watchdog.entry,
      niceness.entry, recycle, autoscale, listen,
    ])
}

/// The section `autoscale`.
enum AutoscaleKeys {
  private static let standard = AutoscaleDefinition(maximum: 1)

  static let maximum = Key(
    "max", .wholeNumber(1...1000), "How many processes there may be; 'processes' is how many there are at least.",
    example: "10", isRequired: true)
  static let latency = Key(
    "latency", .duration(.milliseconds(100)...(.seconds(86_400))),
    "How long the oldest ready job may wait: while it is longer there are more, twice as many at most each 3 s.",
    example: "5s", standard: .string(standard.latency.words))
  static let calm = Key(
    "calm", .duration(.seconds(1)...(.seconds(86_400))),
    "How long no job may wait for half of that, for one process to go.", example: "1m",
    standard: .string(standard.calm.words))
  static let table = KeyTable("autoscale", [maximum.entry, latency.entry, calm.entry])
}

/// The section `recycle`.
enum RecycleKeys {
  static let age = Key(
    "age", .duration(.seconds(1)...Duration.longestInWords),
    "The age that a process may reach; up to 15 % less for some, so that they do not go together.", example: "1d")
  static let memory = Key(
    "memory", .byteCount, "The memory that a process may have; up to 15 % less for some.", example: "512MiB")
  static let jobs = Key(
    "jobs", .wholeNumber(1...1_000_000_000), "How many jobs a process may do; up to 15 % less for some.",
    example: "10000")
  static let table = KeyTable("recycle", [age.entry, memory.entry, jobs.entry])
}

/// One of an engine's `subscriptions`.
enum SubscriptionKeys {
  static let queue = Key(
    "queue", .name, "The queue for its jobs. Without it: the one that is declared.", example: "default")
  static let enabled = Key(
    "enabled", .boolean, "Whether it runs.", example: "true", standard: true)
  static let `where` = Key(
    "where", .filter, "A filter: which events of its topics become jobs. The others are passed over.",
    example: "not has(data.deleted_at)")
  static let table = KeyTable("subscription", [queue.entry, enabled.entry, `where`.entry])
}

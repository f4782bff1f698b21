public import BusProtocol
internal import BusSpool
internal import BusStore
public import BusTopology
public import Logging
internal import Synchronization
internal import ZeroMQ

/// A busd: the whole way of an event and of a job, on one screen.
///
/// ```
///  publishers ──carry, publish──▶ SocketLoop ──batch──▶ SpoolLoop   append, one fdatasync
///  plain PUB  ──topic, data────▶      │  ▲                 │
///                                     │  └─ acks, live ────┘
///  listeners ◀──events, marks──────── │
///  readers   ◀──events────────────── ReadLoop   old events, below the durable end
///  engines   ──commit, enqueue,─────▶ │ ──batch──▶ StoreLoop   one transaction: jobs, cursors,
///              hands, finish          │  ▲             │        results, then claims for free hands
///            ◀──granted, jobs, acks── │  └─ letters ───┘
/// ```
///
/// Each loop is one thread that owns what it touches; values go between them. While a loop works on batch n, batch
/// n+1 gathers in its ``Inbox``: that is the group commit. What decides is pure and tested without any of this:
/// ``Intake``, ``FanOut``, ``JobDesk``, ``SubscriptionDesk``, ``Sessions``.
public final class Broker: Sendable {
  /// Where it listens.
  public let endpoints: BrokerEndpoints

  private let socketLoop: SocketLoop
  private let spoolLoop: SpoolLoop
  private let storeLoop: StoreLoop
  private let threads: [any LoopThread]
  private let retention: BusSpool.Retention
  private let facts: BrokerFacts
  private let counters = Counters()
  private let failure = AsyncStream<BrokerError>.makeStream()

  /// Opens the directories, recovers what is in them, and makes the loops; nothing listens before
  /// ``run(untilStopped:)``.
  ///
  /// Throws when another busd has the directory, when what is on disk contradicts itself, and when an endpoint cannot
  /// be used. Nothing is harmed then.
  ///
  /// - Parameter rested: called on the spool's thread when many events came and then none for a moment: the time to give
  ///   memory back.
  public convenience init(
    _ configuration: BrokerConfiguration, logger: Logger, now: @escaping @Sendable () -> Timestamp,
    random: @escaping @Sendable () -> UInt64, rested: @escaping @Sendable () -> Void = {}
  ) throws {
    try self.init(configuration, on: .system, logger: logger, now: now, random: random, rested: rested)
  }

  /// The same on any ground.
  package init(
    _ configuration: BrokerConfiguration, on ground: BrokerGround, logger: Logger,
    now: @escaping @Sendable () -> Timestamp, random: @escaping @Sendable () -> UInt64,
    rested: @escaping @Sendable () -> Void = {}, failed: @escaping @Sendable (BrokerError) -> Void = { _ in }
  ) throws {
    endpoints = configuration.endpoints
    retention = configuration.retention
    let spool = try OpenedState.spool(configuration, disk: ground.disk, now: now, random: random)
    let reader = spool.reader()
    let log = spool.logID
    let store = try OpenedState.store(
      configuration, end: reader.durable, now: now, random: random, open: ground.openStore)
    let owners = try OpenedState.owners(configuration, of: spool, disk: ground.disk, logger: logger)
    let recent = try OpenedState.recentEvents(reader)
    let facts = BrokerFacts(configuration: configuration, log: log, startedAt: now())
    self.facts = facts
    let settings = try AccessSettings(reading: configuration.topology?.access)
    let access = Access(
      settings, isInsecure: configuration.isInsecure, counters: counters, logger: logger)
    try access.refuseOpenDoors(of: configuration.endpoints)
    let heartbeat = Heartbeat(log: log, through: reader.durable)
    let loops = try ground.makeLoops(configuration.endpoints, access)
    threads = loops.all
    spoolLoop = SpoolLoop(
      spool: spool, owners: owners, recent: recent, access: access, thread: loops.spool,
      identifiers: IdentifierSource(random: random), facts: facts, now: now, counters: counters, logger: logger,
      rested: rested)
    storeLoop = StoreLoop(
      store: store, reader: reader, facts: facts, access: access, thread: loops.store, now: now, counters: counters,
      logger: logger)
    socketLoop = SocketLoop(
      sockets: loops.sockets, spool: spoolLoop, store: storeLoop,
      readers: ReadLoop(reader: reader, access: access, thread: loops.reading), facts: facts, access: access,
      heartbeat: heartbeat, thread: loops.socket, counters: counters, logger: logger
    ) { [failure] in
      failure.continuation.yield($0)
      failed($0)
    }
  }

  /// How many requests were denied since it began.
  package var deniedCount: UInt64 { counters[.denied] }

  /// Begins to listen; called on the socket loop's thread.
  package func open() throws {
    try socketLoop.assumeIsolated { loop in
      try loop.bind()
      loop.listen()
    }
  }

  /// Lets old segments go that no subscription needs.
  package func retain() { spoolLoop.retain(retention, protecting: facts.lowestCursor) }

  /// Listens until `untilStopped` returns or the disk fails; then answers what was taken in, seals and closes.
  ///
  /// `ready` is called once everything is bound.
  public func run(
    ready: @Sendable () -> Void = {}, untilStopped: @escaping @Sendable () async -> Void
  ) async throws {
    do { try await socketLoop.open() } catch {
      await socketLoop.close()
      if let error = error as? BrokerError { throw error }
      throw BrokerError(
        .inUse, "busd cannot listen at \(endpoints.requests), \(endpoints.live), \(endpoints.intake): \(error)",
        help: "stop whoever is there, or choose other endpoints")
    }
    ready()
    let failed = await withTaskGroup(of: BrokerError?.self) { group in
      group.addTask {
        await untilStopped()
        return nil
      }
      group.addTask { [failure] in await failure.stream.first { _ in true } }
      group.addTask { [self] in
        await keepRetention()
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
    await socketLoop.close()
    let closing = [await failure { try await spoolLoop.close() }, await failure { try await storeLoop.close() }]
    for thread in threads { thread.stop() }
    // A disk that failed at work fails again while closing: what came first says why.
    if let failed = failed ?? closing.compactMap({ $0 }).first { throw failed }
  }

  /// Why closing failed; nil when it did not.
  private func failure(_ close: () async throws -> Void) async -> BrokerError? {
    do { try await close() } catch {
      return BrokerError(
        .disk, "what is on disk could not be closed: \(error)", help: "check the disk, then start busd again")
    }
    return nil
  }

  /// Takes the keys and rules of a topology's section anew; what else the file says counts from the next start.
  ///
  /// Throws when a file cannot be used; then nothing has changed.
  public func reload(access: AccessDefinition?) async throws {
    try await socketLoop.reload(try AccessSettings(reading: access))
  }

  /// Lets old segments go, once a minute.
  private func keepRetention() async {
    while !Task.isCancelled {
      retain()
      // Ended by cancellation, which is how the broker stops.
      try? await Task.sleep(for: .seconds(60))
    }
  }
}

/// What is on disk, opened and recovered, before any loop has it.
private enum OpenedState {
  static func spool(
    _ configuration: BrokerConfiguration, disk: any Disk, now: @Sendable () -> Timestamp,
    random: @escaping @Sendable () -> UInt64
  ) throws -> sending Spool {
    do throws(SpoolError) {
      return try Spool(
        directory: configuration.spoolDirectory, options: configuration.spool, disk: disk, now: now(),
        random: random)
    } catch { throw BrokerError(error, opening: configuration.spoolDirectory) }
  }

  static func owners(
    _ configuration: BrokerConfiguration, of spool: Spool, disk: any Disk, logger: Logger
  ) throws -> PublisherOwners {
    let directory = configuration.spoolDirectory
    do throws(SpoolError) {
      let owners = try PublisherOwners(directory: directory, disk: disk) { spool.lastSequence(of: $0) != nil }
      guard owners.damagedCount > 0 else { return owners }
      logger.warning(
        "lines cannot be read that say whose an outbox is; such an outbox belongs to the next that comes with it",
        metadata: ["file": "\(directory)/\(PublisherOwners.fileName)", "lines": "\(owners.damagedCount)"])
      return owners
    } catch { throw BrokerError(error, opening: directory) }
  }

  /// The store is the outside witness of the spool: a cursor behind the spool's end means that events are missing.
  static func store(
    _ configuration: BrokerConfiguration, end: Offset, now: @Sendable () -> Timestamp,
    random: @escaping @Sendable () -> UInt64,
    open: (String, @escaping @Sendable () -> Double) throws(StoreError) -> sending any JobStore
  ) throws -> sending any JobStore {
    do throws(StoreError) {
      let store = try open(configuration.storePath) { Double(random() >> 11) / Double(1 << 53) }
      try store.configure(QueueWiring(configuration.topology), at: now())
      var schedules = ScheduleDesk(configuration.topology)
      _ = schedules.declare(try store.declaredSchedules())
      _ = try store.perform([.plan(schedules.declarations)], at: now())
      if let ahead = try store.subscriptions().first(where: { $0.cursor > end }) {
        throw StoreError(
          .corrupt, "\(ahead.name) has handled events up to \(ahead.cursor), but the spool ends at \(end)")
      }
      return store
    } catch { throw BrokerError(error, opening: configuration.storePath) }
  }

  /// The events of late without a publisher's number, so that their repeats are known across a restart.
  static func recentEvents(_ reader: SpoolReader) throws -> RecentEvents {
    var recent = RecentEvents()
    let head = reader.durable.rawValue
    var after = Offset(max(max(reader.first.rawValue, 1) - 1, head - min(head, UInt64(RecentEvents.capacity))))
    while after < reader.durable {
      let chunk = try reader.readUnnumbered(after: after, maximumByteCount: 1 << 20, maximumCount: 50_000)
      var position = 0
      while position < chunk.bytes.count {
        let facts = try Record.check(chunk.bytes, at: position)
        recent.insert(try Record.event(chunk.bytes, at: position).id, at: facts.header.offset)
        position += facts.header.recordByteCount
      }
      guard chunk.through > after else { break }
      after = chunk.through
    }
    return recent
  }
}

import Testing

/// A mistake in a topology, with the one finding that it must give.
struct Mistake: Sendable, CustomTestStringConvertible {
  let name: String
  let text: String
  let place: String
  let problem: String
  let help: String?

  init(_ name: String, _ text: String, at place: String, _ problem: String, help: String?) {
    self.name = name
    self.text = text
    self.place = place
    self.problem = problem
    self.help = help
  }

  var testDescription: String { name }

  /// A queue of a search engine, its map in line 6 from column 16.
  private static func queue(_ map: String) -> String {
    """
    version: 1
    engines:
      search:
        binary: shop
        queues:
          default: \(map)
    """
  }

  /// An engine's lines from line 5 on, from column 5.
  private static func engine(_ lines: String) -> String {
    "version: 1\nengines:\n  search:\n    binary: shop\n\(lines)"
  }

  static let grammar: [Mistake] = [
    Mistake(
      "more than an event can hold", "version: 1\nbus: { limits: { payload: 2MiB } }\n", at: "2:27",
      "payload must be at most 1MiB, found '2MiB'", help: "for example 'payload: 64KiB'"),
    Mistake(
      "a share of nothing", "version: 1\nbus: { limits: { events: 0/s } }\n", at: "2:26",
      "events must be a rate of at least one, found '0/s'",
      help: "to stop a queue use pause: it has a reason and an end, and is seen everywhere"),
    Mistake("nothing", "", at: "1:1", "the file is empty", help: "begin it with 'version: 1'"),
    Mistake("only a comment", "# later\n", at: "1:1", "the file is empty", help: "begin it with 'version: 1'"),
    Mistake(
      "a tab", "version: 1\nbus:\n\tspool: {}\n", at: "3:1",
      "not YAML: found character that cannot start any token, while scanning for the next token that begins at "
        + "line 3, column 1", help: "indent with spaces: YAML does not allow tabs"),
    Mistake(
      "an open brace", "version: 1\nbus: { spool: {}\nretry: {}\n", at: "3:1",
      "not YAML: did not find expected ',' or '}', while parsing a flow mapping that begins at line 2, column 6",
      help: "close the braces, and put a comma between two keys"),
    Mistake(
      "an open bracket", "version: [1\nbus: {}\n", at: "2:4",
      "not YAML: did not find expected ',' or ']', while parsing a flow sequence that begins at line 1, column 10",
      help: "close the brackets, and put a comma between two values"),
    Mistake(
      "an open quote", "version: 1\nbus: \"tcp\n", at: "3:1",
      "not YAML: found unexpected end of stream, while scanning a quoted scalar that begins at line 2, column 6",
      help: "close the quotes"),
    Mistake(
      "a key that is not in line", "version: 1\nbus:\n  spool: {}\n store: sqlite:x\n", at: "4:2",
      "not YAML: did not find expected key, while parsing a block mapping that begins at line 1, column 1",
      help: "keys of one map begin in the same column"),
    Mistake(
      "a colon within a value", "version: 1\nbus: a: b\n", at: "2:7",
      "not YAML: mapping values are not allowed in this context", help: "put a text that contains ': ' in quotes"),
    Mistake(
      "a key without a colon", "version: 1\nengines\nbus: {}\n", at: "3:1",
      "not YAML: could not find expected ':', while scanning a simple key that begins at line 2, column 1",
      help: "write 'key: value'"),
    Mistake(
      "a pattern without quotes", "version: 1\ntopics:\n  *_changed: { retain: none }\n", at: "3:3",
      "not YAML: found undefined alias", help: "put a pattern that begins with '*' in quotes"),
    Mistake(
      "a star without quotes", "version: 1\ntopics:\n  *: { retain: none }\n", at: "3:4",
      "not YAML: did not find expected alphabetic or numeric character",
      help: "put a pattern that begins with '*' in quotes"),
    Mistake(
      "a control character", "version: 1\nbus: \u{7}\n", at: "2:6",
      "not YAML: control characters are not allowed", help: "save the file as plain text in UTF-8"),
    Mistake(
      "two documents", "version: 1\n---\nversion: 1\n", at: "2:1", "a second document begins here",
      help: "remove the '---'"),
    Mistake(
      "a key twice in a block", "version: 1\nbus:\n  store: sqlite:a\n  # again\n  store: sqlite:b\n", at: "5:3",
      "duplicate key 'store'", help: "it stands already in line 3, column 3: keep one of them"),
    Mistake(
      "a key twice in braces", queue("{ retry: {a: 1}, priority: 1, retry: standard }"), at: "6:46",
      "duplicate key 'retry'", help: "it stands already in line 6, column 18: keep one of them"),
    Mistake(
      "a key twice, once in quotes", "version: 1\n\"version\": 1\n", at: "2:1", "duplicate key 'version'",
      help: "line 1, column 1"),
    Mistake(
      "a key twice, once in escapes, and once more in another map",
      "version: 1\nengines:\n  a:\n    binary: x\n    \"binar\\x79\": x\n  b:\n    binary: x\n", at: "4:5",
      "duplicate key 'binary'", help: "keep one of them"),
    Mistake(
      "an anchor", "version: 1\nbus: &bus { store: sqlite:a }\n", at: "2:6",
      "anchors and aliases are not allowed, found '&bus'", help: "write the value out"),
    Mistake(
      "a tag", "version: !!int 1\n", at: "1:10", "tags are not allowed, found 'tag:yaml.org,2002:int'",
      help: "leave it out: every key has its own type"),
    Mistake(
      "a tag on a map", "version: 1\nbus: !thing {}\n", at: "2:6", "tags are not allowed, found '!thing'",
      help: "leave it out"),
    Mistake(
      "a list as a key", "version: 1\n? [a, b]\n: 1\n", at: "2:3", "a key must be text",
      help: "write 'key: value'"),
  ]

  static let keys: [Mistake] = [
    Mistake(
      "no map at all", "version\n", at: "1:1", "the topology must be a map of keys, found 'version'",
      help: "for example 'version: 1'"),
    Mistake("no version", "bus: {}\n", at: "1:1", "the topology lacks 'version'", help: "for example 'version: 1'"),
    Mistake(
      "a version of another time", "version: 2\n", at: "1:10", "version must be from 1 to 1, found '2'",
      help: "for example 'version: 1'"),
    Mistake(
      "a mistyped section", "version: 1\nengine: {}\n", at: "2:1", "unknown key 'engine' in the topology",
      help: "did you mean 'engines'?"),
    Mistake(
      "a section of a later version", "version: 1\nalerts: {}\n", at: "2:1", "unknown key 'alerts' in the topology",
      help: "'alerts' is not known to this version: leave it out"),
    Mistake(
      "a key of the bus of a later version", "version: 1\nbus: { dashboard: 127.0.0.1:5580 }\n", at: "2:8",
      "unknown key 'dashboard' in bus", help: "'dashboard' is not known to this version"),
    Mistake(
      "a key that is like none", "version: 1\nbus: { colour: red }\n", at: "2:8", "unknown key 'colour' in bus",
      help: "known: publish, subscribe, intake, spool, store"),
    Mistake(
      "a mistyped key of a queue", queue("{ priority: -5000, starve-afer: 10m }"), at: "6:35",
      "unknown key 'starve-afer' in queue search/default", help: "did you mean 'starve-after'?"),
    Mistake(
      "two letters exchanged", queue("{ prioirty: 1 }"), at: "6:18",
      "unknown key 'prioirty' in queue search/default", help: "did you mean 'priority'?"),
    Mistake(
      "a short word with one letter wrong", engine("    subscriptions: { a: { quee: default } }"), at: "5:27",
      "unknown key 'quee' in subscription search/a", help: "did you mean 'queue'?"),
    Mistake(
      "a key of later", queue("{ alert: 5s }"), at: "6:18", "unknown key 'alert' in queue search/default",
      help: "'alert' is not known to this version"),
    Mistake(
      "no time at all", queue("{ timeout: 0s }"), at: "6:27", "timeout must be from 100ms to 365d, found '0s'",
      help: "for example 'timeout: 2m'"),
    Mistake(
      "a time that is none", queue("{ timeout: soon }"), at: "6:27", "timeout must be a duration, found 'soon'",
      help: "for example 'timeout: 2m'"),
    Mistake(
      "a budget of another unit", queue("{ retry-budget: 100/min }"), at: "6:32",
      "retry-budget must be a rate, found '100/min'", help: "for example 200/s, 10/m, 1000/h or 10/m burst 5"),
    Mistake(
      "an announcement of nothing", queue("{ announce: dead }"), at: "6:28", "announce must be failed, found 'dead'",
      help: "for example 'announce: failed'"),
    Mistake(
      "a letter too few", queue("{ concurency: 4 }"), at: "6:18", "unknown key 'concurency' in queue search/default",
      help: "did you mean 'concurrency'?"),
    Mistake(
      "no job at once", queue("{ concurrency: 0 }"), at: "6:31", "concurrency must be from 1 to 100000, found '0'",
      help: "to stop a queue use pause"),
    Mistake(
      "a limit of nothing", queue("{ limit: 0 }"), at: "6:25", "limit must be from 1 to 1000000000, found '0'",
      help: "to stop a queue use pause"),
    Mistake(
      "a rate of nothing", queue("{ rate: 0/s }"), at: "6:24", "rate must be a rate of at least one, found '0/s'",
      help: "to stop a queue use pause"),
    Mistake(
      "a rate without a span", queue("{ rate: 200 }"), at: "6:24", "rate must be a rate, found '200'",
      help: "for example 200/s"),
    Mistake(
      "a burst above the count", queue("{ rate: 10/m burst 11 }"), at: "6:24",
      "rate must be a rate, found '10/m burst 11'", help: "10/m burst 5"),
    Mistake(
      "no weight", queue("{ weight: 0 }"), at: "6:26", "weight must be from 1 to 1000, found '0'",
      help: "for example 'weight: 3'"),
    Mistake(
      "a maximum below the minimum",
      "version: 1\nengines:\n  a:\n    binary: a\n    workers: { processes: 4, autoscale: { max: 3 } }\n", at: "5:48",
      "max is fewer than the 4 processes that there are at least", help: "for example 'max: 20'"),
    Mistake(
      "a scale without a maximum",
      "version: 1\nengines:\n  a:\n    binary: a\n    workers: { autoscale: { latency: 3s } }\n", at: "5:27",
      "autoscale of a lacks 'max'", help: "for example 'max: 10'"),
    Mistake(
      "an engine without a binary", "version: 1\nengines:\n  search:\n    arguments: []\n", at: "3:3",
      "engine search lacks 'binary'", help: "for example 'binary: shop'"),
    Mistake(
      "an engine with a blank in its name", "version: 1\nengines:\n  full search: { binary: shop }\n", at: "3:3",
      "'full search' cannot be the name of an engine", help: "use 1 to 200 of A-Z a-z 0-9 _ . : -"),
    Mistake(
      "a queue with a slash in its name", engine("    queues: { a/b: {} }"), at: "5:15",
      "'a/b' cannot be the name of a queue", help: "use 1 to 200 of A-Z a-z 0-9 _ . : -"),
    Mistake(
      "a name that is too long", engine("    queues: { \(String(repeating: "q", count: 201)): {} }"), at: "5:15",
      "cannot be the name of a queue", help: "use 1 to 200"),
    Mistake(
      "a pattern with a blank", "version: 1\ntopics:\n  \"user *\": {}\n", at: "3:3",
      "'user *' cannot be the name of a topic pattern", help: "and * for any run of characters"),
    Mistake(
      "a variable with a dash", engine("    workers: { env: { LOG-LEVEL: a } }"), at: "5:23",
      "'LOG-LEVEL' cannot be the name of a variable", help: "use letters, digits and _"),
    Mistake(
      "engines as a list", "version: 1\nengines: [search]\n", at: "2:10",
      "engines must be a map of names, found a list", help: "for example 'engines: { search: { binary: search } }'"),
    Mistake(
      "workers as a number", engine("    workers: 4"), at: "5:14",
      "workers of search must be a map of keys, found '4'", help: "for example 'processes: 2'"),
  ]

  static let values: [Mistake] = [
    Mistake(
      "a word for a number", queue("{ priority: low }"), at: "6:28", "priority must be a whole number, found 'low'",
      help: "for example 'priority: 100' (higher runs first)"),
    Mistake(
      "a number with a fraction", queue("{ priority: 1.5 }"), at: "6:28",
      "priority must be a whole number, found '1.5'", help: "for example 'priority: 100'"),
    Mistake(
      "a number beyond all", queue("{ priority: 99999999999999999999999 }"), at: "6:28",
      "priority must be from -1000000000 to 1000000000, found '99999999999999999999999'",
      help: "for example 'priority: 100'"),
    Mistake(
      "a negative number", engine("    workers: { processes: -1 }"), at: "5:27",
      "processes must be from 0 to 1000, found '-1'", help: "for example 'processes: 2'"),
    Mistake(
      "a number without digits", queue("{ priority: }"), at: "6:28", "priority must be a whole number, found nothing",
      help: "for example 'priority: 100'"),
    Mistake(
      "a map for a number", queue("{ priority: { at: 1 } }"), at: "6:28",
      "priority must be a whole number, found a map", help: "for example 'priority: 100'"),
    Mistake(
      "a duration without a unit", queue("{ starve-after: 10 }"), at: "6:32",
      "starve-after must be a duration, found '10'", help: "did you mean '10s'? units: ms, s, m, h, d"),
    Mistake(
      "a duration with a word", queue("{ starve-after: 10min }"), at: "6:32",
      "starve-after must be a duration, found '10min'", help: "for example 'starve-after: 10m'"),
    Mistake(
      "a duration that is too long", queue("{ starve-after: 99999999999d }"), at: "6:32",
      "starve-after must be a duration, found '99999999999d'", help: "for example 'starve-after: 10m'"),
    Mistake(
      "no patience at all", queue("{ starve-after: 0s }"), at: "6:32", "starve-after must be from 1s to 36500d",
      help: "for example 'starve-after: 10m'"),
    Mistake(
      "a size without a unit", "version: 1\nbus: { spool: { retain: { size: 20G } } }\n", at: "2:33",
      "size must be a size, found '20G'", help: "did you mean '20GiB'?"),
    Mistake(
      "a size beyond all", "version: 1\nbus: { spool: { retain: { size: 9999999999TiB } } }\n", at: "2:33",
      "size must be a size, found '9999999999TiB'", help: "for example 'size: 20GiB'"),
    Mistake(
      "no for false", engine("    subscriptions: { a: { enabled: no } }"), at: "5:36",
      "enabled must be true or false, found 'no'", help: "did you mean 'false'?"),
    Mistake(
      "a mistyped word", "version: 1\nretry: { a: { backoff: exponental } }\n", at: "2:24",
      "backoff must be exponential or fixed, found 'exponental'", help: "did you mean 'exponential'?"),
    Mistake(
      "a policy that never runs", "version: 1\nretry: { a: { attempts: 0 } }\n", at: "2:25",
      "attempts must be from 1 to 10000, found '0'", help: "for example 'attempts: 8'"),
    Mistake(
      "a base longer than the longest delay", "version: 1\nretry: { a: { base: 2h } }\n", at: "2:21",
      "base 2h is longer than max 1h in retry policy a", help: "write a longer 'max' or a shorter 'base'"),
    Mistake(
      "an address without a transport", "version: 1\nbus: { publish: 127.0.0.1:5570 }\n", at: "2:17",
      "publish must be tcp://HOST:PORT or ipc://PATH, found '127.0.0.1:5570'",
      help: "for example 'publish: tcp://127.0.0.1:5570'"),
    Mistake(
      "an address for the world", "version: 1\nbus: { publish: \"tcp://0.0.0.0:5570\" }\n", at: "2:17",
      "publish reaches beyond this machine, which needs keys: tcp://0.0.0.0:5570",
      help: "access: { keys: /etc/bus/keys, key: /etc/bus/busd.key }"),
    Mistake(
      "keys without busd's own", "version: 1\naccess: { keys: /etc/bus/keys }\n", at: "2:17",
      "access has 'keys' but lacks 'key'", help: "key: /etc/bus/busd.key"),
    Mistake(
      "an unknown right", "version: 1\naccess: { principals: { a: { publsh: [x] } } }\n", at: "2:30",
      "unknown key 'publsh' in principal a", help: "did you mean 'publish'?"),
    Mistake(
      "a right that is no list", "version: 1\naccess: { principals: { a: { publish: x } } }\n", at: "2:39",
      "publish must be a list, found 'x'", help: "publish: [\"user_*\"]"),
    Mistake(
      "a queue without its engine", "version: 1\naccess: { principals: { a: { work: [search] } } }\n", at: "2:37",
      "an entry of work must be a pattern of ENGINE/NAME, found 'search'", help: "did you mean \"search/*\"?"),
    Mistake(
      "a topic that is none", "version: 1\naccess: { principals: { a: { publish: [a/b] } } }\n", at: "2:40",
      "an entry of publish must be a pattern of a topic, found 'a/b'", help: "for example \"user_*\""),
    Mistake(
      "signed events without keys", "version: 1\naccess: { signed: [\"order_*\"] }\n", at: "2:19",
      "access has 'signed', but no directory with the keys of those who sign", help: "signers: /etc/bus/signers"),
    Mistake(
      "a window beyond what busd remembers", "version: 1\naccess: { signed_within: 7d }\n", at: "2:26",
      "signed_within must be from 1s to 6d, found '7d'", help: "for example 'signed_within: 1h'"),
    Mistake(
      "a peer that is none", "version: 1\naccess: { peers: { users: [\"a/b\"] } }\n", at: "2:28",
      "a user must be a name or a number, found 'a/b'", help: "for example 'users: [web, 1001]'"),
    Mistake(
      "a limit of nothing", "version: 1\naccess: { principals: { a: { limits: { sessions: 0 } } } }\n", at: "2:50",
      "sessions must be from 1 to 1000000, found '0'", help: "for example 'sessions: 20'"),
    Mistake(
      "a host name", "version: 1\nbus: { publish: tcp://localhost:5570 }\n", at: "2:17",
      "publish must be a numeric IPv4 address", help: "write 'tcp://127.0.0.1:5570'"),
    Mistake(
      "an address without a port", "version: 1\nbus: { publish: tcp://127.0.0.1 }\n", at: "2:17",
      "publish must end in a port", help: "for example 'tcp://127.0.0.1:5570'"),
    Mistake(
      "a port that is none", "version: 1\nbus: { publish: tcp://127.0.0.1:70000 }\n", at: "2:17",
      "publish must have a port from 1 to 65535", help: "for example 'publish: tcp://127.0.0.1:5570'"),
    Mistake(
      "an abstract socket", "version: 1\nbus: { publish: ipc://@bus }\n", at: "2:17", "publish must be a path",
      help: "for example 'ipc:///run/bus/publish'"),
    Mistake(
      "a socket path that is too long",
      "version: 1\nbus: { publish: ipc:///\(String(repeating: "x", count: 107)) }\n", at: "2:17",
      "publish must have a path of at most 107 bytes, this one has 108", help: "use a shorter directory"),
    Mistake(
      "two sockets in one place", "version: 1\nbus:\n  intake: ipc:///a\n  publish: ipc:///a\n", at: "3:11",
      "intake has the endpoint of publish: ipc:///a", help: "give each its own port or path"),
    Mistake(
      "another database", "version: 1\nbus: { store: \"postgres://db/bus\" }\n", at: "2:15",
      "store must be sqlite:PATH: PostgreSQL is not known to this version", help: "for example 'store: sqlite:"),
    Mistake(
      "a word for a retention", "version: 1\ntopics: { a: { retain: forever } }\n", at: "2:24",
      "retain must be 'none' or a map, found 'forever'", help: "for example 'retain: { age: 90d }'"),
    Mistake(
      "a size for a topic", "version: 1\ntopics: { a: { retain: { size: 1GiB } } }\n", at: "2:26",
      "unknown key 'size' in retain of topic a", help: "'size' is not known to this version"),
    Mistake(
      "arguments as a text", engine("    arguments: search"), at: "5:16",
      "arguments must be a list, found 'search'", help: "for example 'arguments: [search]'"),
    Mistake(
      "an argument that is a map", engine("    arguments: [a, b: c]"), at: "5:20",
      "an argument must be text, found a map", help: "for example 'arguments: [search]'"),
    Mistake(
      "a binary that is a list", "version: 1\nengines: { a: { binary: [shop] } }\n", at: "2:25",
      "binary must be a path, found a list", help: "for example 'binary: shop'"),
    Mistake(
      "a variable without a value", engine("    workers: { env: { A: } }"), at: "5:26", "A must be text, found nothing",
      help: "an empty text is \"\""),
    Mistake(
      "an undefined retry policy",
      "version: 1\nretry: { payment: {} }\nengines: { a: { binary: b, queues: { c: { retry: payments } } } }\n",
      at: "3:50", "retry policy 'payments' is not defined",
      help: "did you mean 'payment'? defined: standard, payment"),
    Mistake(
      "a subscription wired to nowhere", engine("    subscriptions: { user_index: { queue: defualt } }"), at: "5:43",
      "subscription search/user_index is wired to queue 'defualt', which engine search does not have",
      help: "did you mean 'default'?"),
    Mistake(
      "a filter with one equals sign", engine("    subscriptions: { user_index: { where: \"data.id = 42\" } }"),
      at: "5:52", "where: '=' is no comparison", help: "write '=='"),
    Mistake(
      "a filter on what no event has", engine("    subscriptions: { user_index: { where: not has(datta.id) } }"),
      at: "5:51", "where: an event has no field \"datta\"", help: "did you mean 'data'?"),
    Mistake(
      "a filter with an escape before the fault",
      engine("    subscriptions: { user_index: { where: \"type == \\\"a\\\" and x = 1\" } }"),
      at: "5:43", "where: '=' is no comparison", help: "write '=='"),
    Mistake(
      "a filter that changes with the clock", engine("    subscriptions: { user_index: { where: time > 10m } }"),
      at: "5:50", "where: a duration has no meaning in a filter that stays", help: "write a time"),
    Mistake(
      "an empty filter", engine("    subscriptions: { user_index: { where: \"\" } }"), at: "5:43",
      "where must be a filter, found ''", help: "for example 'where: not has(data.deleted_at)'"),
    Mistake(
      "a queue name that is none", engine("    subscriptions: { user_index: { queue: \"a b\" } }"), at: "5:43",
      "queue must be a name, found 'a b'", help: "use 1 to 200 of A-Z a-z 0-9 _ . : -"),
  ]
}

public import BusProtocol

/// What a supervisor is asked over its control socket: one JSON object on one line.
///
/// It answers with lines of JSON; the last one is `{"end":true}`, or `{"error":…,"help":…,"code":…}`.
public enum ControlRequest: Sendable, Equatable {
  /// What runs: a line for each process, then one for each program.
  case processes
  /// So many processes are wanted: a line for each program.
  case scale([String: ScaleChange])
  /// All processes of these programs are replaced, of all for none: a line for each program when it is done.
  case upgrade([String], UpgradePlan)
  /// The supervisor's own program is replaced by the one that now stands in its place: a line when that is done.
  case replace
  /// Those of these programs finish their work and none is started, or they are started again.
  case quiet([String], Bool)
  /// Everything ends, in order or at once: a line now, and the end of the answer when all have ended.
  case stop(atOnce: Bool)
  /// The last lines of a program or one of its processes, of all for none, and those that come.
  case logs(String?, count: Int, follow: Bool)

  /// The longest request, in bytes.
  static let maximumByteCount = 64 << 10

  /// As it is sent.
  public var json: JSONValue {
    switch self {
    case .processes: ["do": "processes"]
    case .scale(let changes):
      ["do": "scale", "counts": .object(JSONObject(Self.members(changes)))]
    case .upgrade(let names, let plan):
      [
        "do": "upgrade", "engines": Self.list(names), "fleet": .bool(plan.isFleet),
        "extra": plan.extra?.jsonValue ?? .null, "deadline": .integer(plan.deadline.inMicroseconds),
        "failures": plan.maximumFailures.jsonValue,
      ]
    case .replace: ["do": "replace"]
    case .quiet(let names, let isQuiet): ["do": "quiet", "engines": Self.list(names), "quiet": .bool(isQuiet)]
    case .stop(let atOnce): ["do": "stop", "now": .bool(atOnce)]
    case .logs(let name, let count, let follow):
      ["do": "logs", "of": name.map { .string($0) } ?? .null, "count": count.jsonValue, "follow": .bool(follow)]
    }
  }

  private static func members(_ changes: [String: ScaleChange]) -> [JSONObject.Member] {
    changes.sorted { $0.key < $1.key }.map { JSONObject.Member($0.key, .string($0.value.description)) }
  }

  private static func list(_ names: [String]) -> JSONValue { .array(names.map { .string($0) }) }

  /// Reads what was sent.
  init(json: JSONValue) throws(ProtocolError) {
    let request = try json.members("request")
    switch try request.string("do") {
    case "processes": self = .processes
    case "scale": self = .scale(try Self.changes(request))
    case "upgrade": self = .upgrade(try Self.names(request), try Self.plan(request))
    case "replace": self = .replace
    case "quiet": self = .quiet(try Self.names(request), try request.optional("quiet") ?? true)
    case "stop": self = .stop(atOnce: try request.optional("now") ?? false)
    case "logs":
      self = .logs(
        try request.optional("of"), count: try request.optional("count") ?? 20,
        follow: try request.optional("follow") ?? false)
    case let other: throw ProtocolError(.badJSON, "a supervisor does not know '\(other)'")
    }
  }

  private static func names(_ request: JSONMembers) throws(ProtocolError) -> [String] {
    guard request.optionalValue("engines") != nil else { return [] }
    return try request.list("engines") { (value) throws(ProtocolError) in
      guard let name = String(jsonValue: value) else { throw ProtocolError(.badJSON, "an engine is named by a text") }
      return name
    }
  }

  private static func changes(_ request: JSONMembers) throws(ProtocolError) -> [String: ScaleChange] {
    var changes: [String: ScaleChange] = [:]
    for member in try request.object("counts").members {
      guard let text = String(jsonValue: member.value), let change = ScaleChange(text) else {
        throw ProtocolError(.badJSON, "the count of \(member.key) is a text such as \"4\", \"+2\", \"-1\" or \"auto\"")
      }
      changes[member.key] = change
    }
    return changes
  }

  private static func plan(_ request: JSONMembers) throws(ProtocolError) -> UpgradePlan {
    var plan = UpgradePlan(
      isFleet: try request.optional("fleet") ?? false, extra: try request.optional("extra"),
      maximumFailures: try request.optional("failures") ?? 3)
    if let deadline: Int64 = try request.optional("deadline") {
      plan.deadline = .microseconds(min(86_400_000_000, max(0, deadline)))
    }
    return plan
  }
}

/// How many are wanted: a number, or so many more or fewer.
public enum ScaleChange: Sendable, Hashable, CustomStringConvertible {
  /// So many.
  case to(Int)
  /// So many more; fewer below zero.
  case by(Int)
  /// So many as are configured, and more where the load asks for them.
  case auto

  /// The most processes of one program.
  public static let maximum = 1000

  /// Reads `20`, `+2`, `-1` or `auto`.
  public init?(_ text: String) {
    if text == "auto" {
      self = .auto
      return
    }
    let digits = text.drop { $0 == "+" || $0 == "-" }
    guard text.count - digits.count <= 1, !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
      let number = Int(text), abs(number) <= ScaleChange.maximum
    else { return nil }
    self = digits.count == text.count ? .to(number) : .by(number)
  }

  /// What it makes of a number; nil when there cannot be so many.
  func applied(to count: Int, configured: Int) -> Int? {
    let result =
      switch self {
      case .to(let number): number
      case .by(let number): count + number
      case .auto: configured
      }
    return (0...ScaleChange.maximum).contains(result) ? result : nil
  }

  /// `20`, `+2`, `-1`, `auto`.
  public var description: String {
    switch self {
    case .to(let number): "\(number)"
    case .by(let number): number < 0 ? "\(number)" : "+\(number)"
    case .auto: "auto"
    }
  }
}

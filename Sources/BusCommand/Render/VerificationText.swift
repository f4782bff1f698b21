internal import BusProtocol
internal import BusSpool

/// What a check of a spool found.
enum VerificationText {
  /// A line a segment, the problems, and how many events are good.
  static func lines(_ verification: SpoolVerification, time: TimeText) -> [String] {
    var lines = verification.segments.map { segment in
      let range = segment.first.flatMap { first in segment.last.map { "\(first) to \($0)" } } ?? "empty"
      let since = segment.firstTime.map { ", since \(time($0))" } ?? ""
      let state = segment.isSealed ? "sealed" : "open"
      return "\(segment.name)  \(range), \(Brief.count(segment.recordCount, "event"))\(since), \(state)"
    }
    lines += verification.problems.map { problem in
      let place = problem.offset.map { ", from event \($0)" } ?? ""
      return "\(problem.name):\(problem.position): \(problem.severity.rawValue)\(place): \(problem.message)"
    }
    let events = verification.segments.reduce(0) { $0 + $1.recordCount }
    let place = Brief.count(verification.segments.count, "segment")
    return lines + ["\(verification.isSound ? "ok" : "damaged"): \(Brief.count(events, "event")) in \(place)"]
  }

  /// The same as one object.
  static func json(_ verification: SpoolVerification, directory: String) -> JSONValue {
    var object: JSONObject = [
      "directory": .string(directory), "sound": .bool(verification.isSound),
      "segments": .array(verification.segments.map(json)), "problems": .array(verification.problems.map(json)),
    ]
    object.set("log", verification.logID)
    object.set("head", verification.head?.rawValue)
    return .object(object)
  }

  private static func json(_ segment: SpoolVerification.SegmentReport) -> JSONValue {
    var object: JSONObject = [
      "name": .string(segment.name), "bytes": segment.byteCount.jsonValue, "events": segment.recordCount.jsonValue,
      "sealed": .bool(segment.isSealed),
    ]
    object.set("first", segment.first?.rawValue)
    object.set("last", segment.last?.rawValue)
    object.set("first_time", segment.firstTime?.description)
    object.set("last_time", segment.lastTime?.description)
    return .object(object)
  }

  private static func json(_ problem: SpoolVerification.Problem) -> JSONValue {
    var object: JSONObject = [
      "severity": .string(problem.severity.rawValue), "name": .string(problem.name),
      "position": problem.position.jsonValue, "message": .string(problem.message),
    ]
    object.set("offset", problem.offset?.rawValue)
    return .object(object)
  }
}

internal import BusProtocol
internal import BusTopology

/// What a check of a topology says.
enum TopologyFindings {
  /// A mistake as one object.
  static func json(_ finding: TopologyFinding) -> JSONValue {
    var object: JSONObject = [
      "level": "error", "file": .string(finding.file), "line": finding.line.jsonValue,
      "column": finding.column.jsonValue, "problem": .string(finding.problem),
    ]
    object.set("help", finding.help)
    return .object(object)
  }

  /// An advice as one object.
  static func json(_ advice: TopologyAdvice) -> JSONValue {
    var object: JSONObject = [
      "level": .string(advice.level.rawValue), "file": .string(advice.position.file),
      "line": advice.position.line.jsonValue, "column": advice.position.column.jsonValue,
      "problem": .string(advice.problem),
    ]
    object.set("help", advice.help)
    return .object(object)
  }

  /// `Topology/shop.yaml: ok, 3 engines, 6 queues, 4 processes`.
  static func summary(_ topology: Topology, file: String) -> String {
    let queues = topology.engines.reduce(0) { $0 + $1.queues.count }
    let processes = topology.engines.reduce(0) { $0 + $1.workers.processes }
    return "\(file): ok, \(Brief.count(topology.engines.count, "engine")), \(Brief.count(queues, "queue")), "
      + "\(processes) process\(processes == 1 ? "" : "es")"
  }
}

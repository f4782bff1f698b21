import Bus
import BusProtocol
import Foundation
import Synchronization

/// What a full run found, in a small file: written anew after each part, so that a run that was cut short goes on.
final class EvidenceFile: Sendable {
  private let path: String?
  private let facts: RunFacts
  private let parts: Mutex<[JSONObject]>

  /// Takes over what a run of the same sources and the same seed has left in the file. Without a path nothing is kept.
  init(_ path: String?, facts: RunFacts) throws {
    self.path = path
    var facts = facts
    var earlier: [JSONObject] = []
    if let path, let data = FileManager.default.contents(atPath: path), !data.isEmpty {
      guard case .object(let object) = try JSONParser.parse(Array(data)), object["kind"] == "proof" else {
        throw ProofError("\(path) is no evidence of a full run: name another file")
      }
      if object["commit"] == .string(facts.commit), object["build"] == .string(facts.build) {
        earlier = EvidenceFile.parts(of: object)
        if let begin = object["begin"].flatMap(String.init(jsonValue:)), !earlier.isEmpty { facts.begin = begin }
      }
    }
    self.facts = facts
    parts = Mutex(earlier)
  }

  private static func parts(of object: JSONObject) -> [JSONObject] {
    guard case .array(let values) = object["parts"] else { return [] }
    return values.compactMap { if case .object(let part) = $0 { part } else { nil } }
  }

  /// The reports of all parts, in the order in which they came.
  var reports: [JSONObject] { parts.withLock { $0 } }

  /// What the part came to earlier; nil when it has to run: it never did, broke something, or was smaller.
  func report(of part: FullRun.Part) -> JSONObject? {
    reports.first { EvidenceFile.isReport($0, of: part) && $0["held"] == true }
  }

  private static func isReport(_ report: JSONObject, of part: FullRun.Part) -> Bool {
    report["fault"] == .string(part.fault.rawValue) && report["seed"] == part.seed.jsonValue
      && report["asked"] == part.cycles.jsonValue
  }

  /// Keeps what a part came to, instead of what it came to earlier.
  func add(_ report: JSONObject, of part: FullRun.Part) throws {
    var report = report
    report["asked"] = part.cycles.jsonValue
    let all = parts.withLock { parts in
      parts.removeAll {
        $0["fault"] == .string(part.fault.rawValue) && $0["seed"] == part.seed.jsonValue
      }
      parts.append(report)
      return parts
    }
    try write(all, end: nil)
  }

  /// Says that all parts are over.
  func end() throws { try write(reports, end: Timestamp.now.description) }

  private func write(_ parts: [JSONObject], end: String?) throws {
    guard let path else { return }
    let total = ReportTotal(parts)
    var object: JSONObject = [
      "kind": "proof", "commit": .string(facts.commit), "build": .string(facts.build), "seed": facts.seed.jsonValue,
      "machine": .object(facts.machine), "begin": .string(facts.begin),
    ]
    object.set("end", end)
    object.set("held", total.holds)
    object.set("kinds", total.kinds)
    object.set("skipped", total.skipped)
    object.set("faults", total.faults)
    object.set("acknowledged", total.acknowledged)
    object.set("lost", total.lost)
    // A part a line: short enough to read.
    let lines = parts.map { "    \(JSONValue.object($0).text)" }.joined(separator: ",\n")
    let head = JSONValue.object(object).text.dropLast()
    let text = "\(head),\n  \"parts\": [\n\(lines)\n  ]}\n"
    try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
  }
}

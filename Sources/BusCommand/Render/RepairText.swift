internal import BusProtocol
internal import BusSpool

/// What a repair of a spool saved, and what it did not.
enum RepairText {
  /// The copy, what is kept, what is lost, what was left out.
  static func lines(_ repair: SpoolRepair, copy: String) -> [String] {
    let range = repair.last < repair.first ? "" : ", \(repair.first) to \(repair.last)"
    let segments = "\(repair.copiedSegmentCount) segments whole, \(repair.rewrittenSegmentCount) written anew"
    var lines = [
      "copy  \(copy)", "kept  \(Brief.count(Int(clamping: repair.keptCount), "event"))\(range); \(segments)",
    ]
    if repair.lost.isEmpty {
      lines.append("lost  nothing")
    } else {
      let places = repair.lost.prefix(20).map { range in
        range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
      }
      let rest = repair.lost.count > 20 ? ", and \(repair.lost.count - 20) more places" : ""
      lines.append(
        "lost  \(Brief.count(Int(clamping: repair.lostCount), "event")): \(places.joined(separator: ", "))\(rest)")
    }
    return lines + repair.ignored.map { "left out  \($0)" }
  }

  /// The same as one object.
  static func json(_ repair: SpoolRepair, copy: String) -> JSONValue {
    let lost = repair.lost.map { range -> JSONValue in
      ["first": range.lowerBound.rawValue.jsonValue, "last": range.upperBound.rawValue.jsonValue]
    }
    return [
      "copy": .string(copy), "kept": repair.keptCount.jsonValue, "lost": repair.lostCount.jsonValue,
      "lost_ranges": .array(lost), "first": repair.first.rawValue.jsonValue, "last": repair.last.rawValue.jsonValue,
      "segments_copied": repair.copiedSegmentCount.jsonValue,
      "segments_rewritten": repair.rewrittenSegmentCount.jsonValue,
      "left_out": .array(repair.ignored.map { .string($0) }),
    ]
  }
}

/// A topology that was refused, with everything that is wrong with it.
public struct TopologyError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The most findings that one error carries.
  public static let maximumFindings = 50

  /// What is wrong, in the order of the file; never empty.
  public let findings: [TopologyFinding]
  /// How many more there were than are carried.
  public let omitted: Int

  /// Sorts the findings by their place and keeps the first ``maximumFindings``.
  public init(_ findings: [TopologyFinding]) {
    precondition(!findings.isEmpty, "a topology is refused for at least one reason")
    let sorted = findings.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    self.findings = Array(sorted.prefix(Self.maximumFindings))
    omitted = max(0, findings.count - Self.maximumFindings)
  }

  /// All findings, one block each.
  public var description: String {
    var blocks = findings.map(\.description)
    if omitted > 0 { blocks.append("… and \(omitted) more") }
    return blocks.joined(separator: "\n")
  }
}

internal import BusProtocol

/// Finds the events of a chain in the spool, and looks at each stretch of it once.
final class ChainReader {
  /// The most events that are looked at in one walk: a few seconds.
  static let maximumCount: UInt64 = 2_000_000

  private let bus: Connection
  private var chain: CorrelationID?
  private var looked = OffsetRanges()
  private var found: [TracedEvent] = []
  private var budget = ChainReader.maximumCount

  init(_ bus: Connection) { self.bus = bus }

  /// The events of the chain that were recorded in the stretch, and whether all of it could be looked at.
  func events(
    of chain: CorrelationID, in stretch: ClosedRange<Timestamp>
  ) async throws -> (events: [TracedEvent], isComplete: Bool) {
    if self.chain != chain { (self.chain, looked, found) = (chain, OffsetRanges(), []) }
    let first = try await place(before: stretch.lowerBound) + 1
    let last = try await place(before: stretch.upperBound + .microseconds(1))
    var isComplete = true
    if first <= last {
      for missing in looked.missing(from: first...last) {
        let count = missing.upperBound - missing.lowerBound + 1
        guard count <= budget else {
          isComplete = false
          continue
        }
        budget -= count
        try await read(missing, chain)
        looked.insert(missing)
      }
    }
    return (found.filter { stretch.contains($0.recordedAt) }.sorted { $0.offset < $1.offset }, isComplete)
  }

  private func read(_ stretch: ClosedRange<UInt64>, _ chain: CorrelationID) async throws {
    _ = try await Backlog(bus: bus, patterns: ["*"]).read(
      after: Offset(stretch.lowerBound - 1), to: Offset(stretch.upperBound)
    ) { events, _ in
      for event in events where event.correlation == chain && event.offset.rawValue <= stretch.upperBound {
        found.append(try bus.reading { () throws(ProtocolError) in try TracedEvent(json: event.cloudEvent) })
      }
      return true
    }
  }

  /// The last event that was recorded before a moment.
  private func place(before moment: Timestamp) async throws -> UInt64 {
    let answer = try await bus.ask("offset", ["at": .string(moment.description)])
    return answer["offset"].flatMap(UInt64.init(jsonValue:)) ?? 0
  }
}

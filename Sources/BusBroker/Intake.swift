package import BusProtocol

/// Decides what of an outbox's batch is new: repeats are dropped, a hole is refused.
package struct Intake {
  /// A record of a batch: where it stands and what was found there.
  package struct Numbered: Equatable {
    package var start: Int
    package var facts: Record.Facts

    package var sequence: UInt64 { facts.publisherSequence }
  }

  package enum Decision: Equatable {
    /// These are new, in order; all before them are on disk already.
    case accept(ArraySlice<Numbered>)
    /// The batch begins behind a hole: going on would take what is missing for repeats later.
    case gap(expected: UInt64)
  }

  /// Reads and checks a batch: whole records of one publisher, numbered without gaps. Any doubt refuses all of it.
  package static func records(_ bytes: [UInt8], of publisher: PublisherID) throws(ProtocolError) -> [Numbered] {
    var records: [Numbered] = []
    var checker = RecordChecker(bytes)
    var position = 0
    while position < bytes.count {
      let facts = try checker.facts(at: position)
      // They are mostly as long as the first: growing would move what is known of them again and again.
      if position == 0 { records.reserveCapacity(bytes.count / facts.header.recordByteCount + 1) }
      let sequence = facts.publisherSequence
      guard facts.publisher == publisher, sequence > 0 else {
        throw ProtocolError(.badRecord, "a record at byte \(position) is not numbered by publisher \(publisher)")
      }
      if let last = records.last, sequence != last.sequence &+ 1 {
        throw ProtocolError(.badRecord, "a carried batch goes from sequence \(last.sequence) to \(sequence)")
      }
      records.append(Numbered(start: position, facts: facts))
      position += facts.header.recordByteCount
    }
    return records
  }

  /// Decides by the last sequence that the spool has of the publisher.
  ///
  /// - Parameter oldest: the first sequence that the outbox still has: what lies before it can never come.
  package static func decide(_ records: [Numbered], last: UInt64?, oldest: UInt64) -> Decision {
    guard let first = records.first, let last else { return .accept(records[...]) }
    if first.sequence > last &+ 1, first.sequence != oldest { return .gap(expected: max(last &+ 1, oldest)) }
    return .accept(records.drop { $0.sequence <= last })
  }
}

/// The events of late that came without a publisher's number, by id: a repeat of one is not stored again.
struct RecentEvents {
  static let capacity = 100_000

  private var offsets: [EventID: Offset] = [:]
  private var order: [EventID] = []
  private var next = 0

  /// Where the event stands, if it came before.
  subscript(id: EventID) -> Offset? { offsets[id] }

  /// Remembers an event; the oldest is forgotten for it.
  mutating func insert(_ id: EventID, at offset: Offset) {
    guard offsets.updateValue(offset, forKey: id) == nil else { return }
    if order.count < RecentEvents.capacity {
      order.append(id)
    } else {
      offsets[order[next]] = nil
      order[next] = id
      next = (next + 1) % RecentEvents.capacity
    }
  }

  /// Forgets an event that did not come to disk after all.
  mutating func remove(_ id: EventID) {
    guard offsets.removeValue(forKey: id) != nil else { return }
    if order.last == id { order.removeLast() }
  }
}

internal import BusProtocol
internal import BusSigning

/// A stretch of the spool as it came: records, of which each is read only when somebody takes its event.
struct RecordStretch: Sendable {
  /// Events up to here were handed on before: what the records say of them is passed over.
  let after: Offset
  /// Everything up to here was looked at; what the records say beyond is passed over too.
  let through: Offset
  /// Offsets in it that are no longer kept.
  let missing: ClosedRange<UInt64>?
  /// All bytes of the records.
  let byteCount: Int
  /// Whose signatures are checked.
  private let signers: Signers
  private var rest: ArraySlice<[UInt8]>
  private var reader: EventReader?

  init(
    after: Offset, through: Offset, records: [[UInt8]], missing: ClosedRange<UInt64>? = nil,
    signers: Signers = Signers()
  ) {
    (self.after, self.through, self.missing, self.signers) = (after, through, missing, signers)
    rest = records[...]
    byteCount = records.reduce(0) { $0 + $1.count }
  }

  /// The next event; nil behind the last. Records that cannot be read are refused again at each call.
  mutating func next() throws(ProtocolError) -> Event? {
    while true {
      while let event = try reader?.next() {
        guard event.offset > after && event.offset <= through else { continue }
        return signers.isEmpty ? event : signers.verified(event)
      }
      guard let records = rest.popFirst() else { return nil }
      reader = EventReader(records)
    }
  }

  /// All that is left of it.
  func events() throws(ProtocolError) -> EventStretch {
    var (events, rest) = ([Event](), self)
    events.reserveCapacity(self.rest.reduce(0) { $0 + EventReader($1).likelyCount })
    while let event = try rest.next() { events.append(event) }
    return EventStretch(after: after, through: through, events: events, missing: missing)
  }
}

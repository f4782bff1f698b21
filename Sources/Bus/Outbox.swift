package import BusProtocol
package import BusSigning
package import BusSpool
internal import Synchronization

/// A process's own spool: what was published and is not on busd's disk yet.
package final class Outbox: Sendable {
  private struct State: ~Copyable {
    var spool: Spool
    var identifiers: IdentifierSource
    /// Everything up to here is on busd's disk.
    var acknowledged: Offset
    var isClosed = false
  }

  /// Whether events that it held are lost: a power cut took what was in the system's memory only, or the disk is broken.
  package let lostEvents: Bool
  /// Who numbered its events.
  package let publisher: PublisherID
  let directory: String
  package let reader: SpoolReader
  private let state: Mutex<State>
  private let syncs: Bool
  /// Signs what is appended; nil where nothing is signed.
  private let signingKey: SigningKey?

  /// Opens the outbox in a directory named by its publisher, or makes one; refused while another process has it.
  package init(
    directory: String, publisher: PublisherID, maximumByteCount: Int, syncs: Bool, signingKey: SigningKey? = nil,
    disk: any Disk = RealDisk(), now: Timestamp, random: @escaping @Sendable () -> UInt64
  ) throws(SpoolError) {
    let spool = try Spool(
      directory: directory, options: .outbox(maximumByteCount: maximumByteCount, syncs: syncs), disk: disk,
      now: now, random: random)
    self.publisher = publisher
    self.directory = directory
    self.syncs = syncs
    self.signingKey = signingKey
    lostEvents = spool.recovery.lostSegmentCount > 0
    let reader = spool.reader()
    self.reader = reader
    let first = max(reader.first.rawValue, 1) - 1
    state = Mutex(
      State(spool: spool, identifiers: IdentifierSource(random: random), acknowledged: Offset(first)))
  }

  /// Appends an event; in the page cache of the machine when it returns, on its disk when the outbox syncs.
  package func append(
    _ topic: Topic, data: [UInt8], context: BusContext, source: String, now: Timestamp
  ) throws(SpoolError) -> (id: EventID, sequence: UInt64) {
    try state.withLock { state throws(SpoolError) in
      guard !state.isClosed else { throw SpoolError(.closed, "the outbox is closed: its client has stopped") }
      let id: EventID = state.identifiers.next(at: now)
      let sequence = state.spool.next.rawValue
      var event = Event(
        id: id, topic: topic, data: data, time: now, publisher: publisher, publisherSequence: sequence,
        headers: context.headers(source: source))
      if let signingKey { try Outbox.sign(&event, with: signingKey) }
      _ = try state.spool.append(event, now: now)
      if syncs { _ = try state.spool.commit() } else { _ = try state.spool.commitWithoutSync() }
      return (id, sequence)
    }
  }

  private static func sign(_ event: inout Event, with key: SigningKey) throws(SpoolError) {
    do { try key.sign(&event) } catch {
      throw SpoolError(.badRecord, "event \(event.topic) cannot be signed: \(error)")
    }
  }

  /// Gives ids of its clock and chance, for jobs.
  func nextID<Subject>(at now: Timestamp) -> Identifier<Subject> {
    state.withLock { $0.identifiers.next(at: now) }
  }

  /// The last event that was appended.
  package var head: Offset { reader.head }

  /// Everything up to here is on busd's disk.
  package var acknowledged: Offset { state.withLock { $0.acknowledged } }

  package var isEmpty: Bool { state.withLock { $0.acknowledged >= $0.spool.head } }

  /// busd has everything up to here: whole segments of it go.
  package func forget(through offset: Offset) throws(SpoolError) {
    try state.withLock { state throws(SpoolError) in
      guard offset > state.acknowledged, !state.isClosed else { return }
      state.acknowledged = offset
      _ = try state.spool.remove(through: offset)
    }
  }

  /// Ends it. With everything on busd's disk nothing of it is left behind; else the next process of the service
  /// sends it.
  package func close() throws(SpoolError) {
    try state.withLock { state throws(SpoolError) in
      guard !state.isClosed else { return }
      state.isClosed = true
      if state.acknowledged >= state.spool.head { try state.spool.removeAll() } else { state.spool.close() }
    }
  }
}

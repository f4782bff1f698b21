package import BusProtocol

/// Turns a committed group of records into live messages: runs of one topic packed together, then the mark.
///
/// One message whatever the number of listeners; libzmq filters by the topic, which is the first frame.
package struct FanOut {
  /// A longer run is split, so that what waits for a slow listener (messages × this) stays bounded.
  static let maximumRunByteCount = 16 << 10

  let log: LogID
  private(set) var through: Offset

  package init(log: LogID, through: Offset) {
    self.log = log
    self.through = through
  }

  /// The messages of the records, which stand one behind the other in wire form and were checked when they came.
  package mutating func messages(of records: [UInt8], through last: Offset) -> [LiveMessage] {
    var messages: [LiveMessage] = []
    var counts: [String: Int] = [:]
    var run = 0..<0
    var runTopic = 0..<0
    var runCount = 0
    func close() {
      guard !run.isEmpty else { return }
      messages.append(.events(topic: Array(records[runTopic]), records: Array(records[run])))
      counts[String(decoding: records[runTopic], as: UTF8.self), default: 0] += runCount
    }
    var position = 0
    while position < records.count {
      let topic = Record.topicPlace(records.span.bytes, at: position)
      let end = position + RecordHeader.recordByteCount(records.span.bytes, at: position)
      if !records.span.bytes.isSame(topic, runTopic) || end - run.lowerBound > FanOut.maximumRunByteCount {
        close()
        (run, runTopic, runCount) = (position..<position, topic, 0)
      }
      run = run.lowerBound..<end
      runCount += 1
      position = end
    }
    close()
    messages.append(.mark(Mark(log: log, after: through, through: last, counts: counts)))
    through = last
    return messages
  }
}

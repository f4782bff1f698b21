internal import BusProtocol
internal import Synchronization

/// The last lines of each process, and who wants to see the next ones.
final class LogBook: Sendable {
  /// How many lines of a process are kept, and how many bytes of them.
  static let maximumLineCount = 200
  static let maximumByteCount = 32 << 10
  /// How many may follow.
  static let maximumFollowers = 32

  /// A line in the order of all.
  struct Line: Equatable {
    let number: UInt64
    let process: String
    let text: String
  }

  /// The last lines of one process; up to twice as many as are shown, so that not each new line moves all of them.
  private struct Page {
    private var lines: [Line] = []
    private var byteCount = 0

    var last: ArraySlice<Line> { lines.suffix(LogBook.maximumLineCount) }

    mutating func add(_ line: Line) {
      lines.append(line)
      byteCount += line.text.utf8.count
      guard lines.count > 2 * LogBook.maximumLineCount || byteCount > 2 * LogBook.maximumByteCount else { return }
      var surplus = max(0, lines.count - LogBook.maximumLineCount)
      byteCount -= lines[..<surplus].reduce(0) { $0 + $1.text.utf8.count }
      while byteCount > LogBook.maximumByteCount, lines.count - surplus > 1 {
        byteCount -= lines[surplus].text.utf8.count
        surplus += 1
      }
      lines.removeFirst(surplus)
    }
  }

  private struct State {
    var pages: [String: Page] = [:]
    var next: UInt64 = 0
    var followers: [(call: ControlCall, name: String?)] = []
  }

  private let state = Mutex(State())

  /// Notes a line and hands it to those who follow; one who does not keep up is left behind.
  func add(_ text: String, of process: String) {
    state.withLock { state in
      let line = Line(number: state.next, process: process, text: text)
      state.next += 1
      state.pages[process, default: Page()].add(line)
      guard !state.followers.isEmpty else { return }
      state.followers.removeAll { Self.isMeant(process, by: $0.name) && !$0.call.send(Self.json(line)) }
    }
  }

  /// The last lines of the processes that are meant, in the order in which they came.
  func last(_ count: Int, where isMeant: (String) -> Bool) -> [Line] {
    let lines = state.withLock { state in state.pages.filter { isMeant($0.key) }.flatMap(\.value.last) }
    return Array(lines.sorted { $0.number < $1.number }.suffix(max(0, count)))
  }

  /// Answers with the last lines and, when it follows, with all that come; false when too many follow already.
  func show(_ count: Int, of name: String?, to call: ControlCall, follow: Bool) -> Bool {
    state.withLock { state in
      guard !follow || state.followers.count < LogBook.maximumFollowers else { return false }
      let lines = state.pages.filter { Self.isMeant($0.key, by: name) }.flatMap(\.value.last).sorted {
        $0.number < $1.number
      }
      for line in lines.suffix(max(0, count)) where !call.send(Self.json(line)) { return true }
      if follow { state.followers.append((call, name)) } else { call.finish() }
      return true
    }
  }

  /// Nothing more will come.
  func close() {
    let followers = state.withLock { state in
      defer { state.followers = [] }
      return state.followers
    }
    for follower in followers { follower.call.finish() }
  }

  /// Whether a process is meant by the name of one, or of its program; all are by none.
  private static func isMeant(_ process: String, by name: String?) -> Bool {
    name.map { process == $0 || process.hasPrefix("\($0).") } ?? true
  }

  // MARK: Handed over

  /// How many bytes of lines are handed over, the newest ones.
  private static let handoverByteCount = 4 << 20

  /// Runs the body while nothing is added, with the lines and those who follow.
  func whileStill(_ body: ([Handover.Line], [Handover.Follower]) -> Void) {
    state.withLock { state in
      let all = state.pages.flatMap { page in page.value.last.map { (page.key, $0) } }
      var byteCount = 0
      let lines = all.sorted { $0.1.number > $1.1.number }.prefix { _, line in
        byteCount += line.text.utf8.count
        return byteCount <= LogBook.handoverByteCount
      }
      let followers = state.followers.compactMap { follower in
        follower.call.openDescriptor.map { Handover.Follower(descriptor: $0, process: follower.name) }
      }
      body(lines.reversed().map { Handover.Line(process: $0.0, text: $0.1.text) }, followers)
    }
  }

  /// Goes on with what another program had.
  func resume(_ handover: Handover) {
    for line in handover.lines { add(line.text, of: line.process) }
    state.withLock { state in
      for follower in handover.followers {
        let request = ControlRequest.logs(follower.process, count: 0, follow: true)
        state.followers.append((ControlCall(request, descriptor: follower.descriptor), follower.process))
      }
    }
  }

  private static func json(_ line: Line) -> JSONValue {
    ["process": .string(line.process), "line": .string(line.text)]
  }
}

import Foundation

#if canImport(Glibc)
  @preconcurrency import Glibc
#endif

// A history is a file of lines, one write(2) each, so that it outlives its process. A line is a letter and numbers:
//
//   p EVENT KEY STAMP          publisher: about to publish
//   k EVENT STAMP              publisher: `publish` returned, the event is in the outbox
//   a EVENT STAMP              publisher: `stored` returned, busd has it on disk
//   A EVENT JOB ATTEMPT STAMP  worker: a run of Apply begins
//   B EVENT JOB ATTEMPT STAMP  worker: it ends well
//   R KEY JOB ATTEMPT STAMP    worker: a run of Refresh begins
//   S KEY JOB BEGIN STAMP      worker: it ends well; BEGIN is when it began
//   H NUMBER ATTEMPT PROCESS STAMP  worker: a run of Hold begins
//   w SEQUENCE EVENT STAMP     watcher: an event comes
//   m FROM THROUGH STAMP       watcher: these offsets are not kept any more
//
// EVENT is the publisher's number times a million and the event's number there. A stamp is in microseconds of the
// machine's monotonic clock, which all processes share. A job is its id's low half.

/// One line of a history.
struct HistoryLine: Equatable {
  var kind: Character
  var numbers: [UInt64]

  init(_ kind: Character, _ numbers: UInt64...) { (self.kind, self.numbers) = (kind, numbers) }

  /// Reads a line; nil for one that a power cut or a kill left half written.
  init?(_ text: Substring) {
    let words = text.split(separator: " ")
    guard let kind = words.first?.first, words.first?.count == 1, words.last == "." else { return nil }
    let numbers = words.dropFirst().dropLast().compactMap { UInt64($0) }
    guard numbers.count == words.count - 2, numbers.count >= 2 else { return nil }
    (self.kind, self.numbers) = (kind, numbers)
  }

  /// The dot says that the line is whole.
  var text: String { "\(kind) \(numbers.map(String.init).joined(separator: " ")) .\n" }
}

/// Writes the history of this process.
struct History: Sendable {
  private let descriptor: Int32

  /// Opens the file that the runner named.
  init() {
    let path = ProcessInfo.processInfo.environment["PROOF_HISTORY"] ?? "/dev/null"
    descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { exit(74) }
  }

  func write(_ kind: Character, _ numbers: UInt64...) {
    let line = HistoryLine(kind, numbers).text
    // A history with holes proves nothing.
    guard Glibc.write(descriptor, line, line.utf8.count) == line.utf8.count else { exit(74) }
  }

  /// Microseconds of the clock that all processes of the machine share.
  static var stamp: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
  }
}

extension HistoryLine {
  init(_ kind: Character, _ numbers: [UInt64]) { (self.kind, self.numbers) = (kind, numbers) }
}

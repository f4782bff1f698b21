import BusProtocol
import Testing

@testable import Bus

private let zero = ContinuousClock.now
private let time = Timestamp(microseconds: 7)
private let job = JobID(high: 0, low: 1)
private let other = JobID(high: 0, low: 2)

private func line(_ text: String) -> JobLine { JobLine(text, at: time) }

private func milliseconds(_ count: Int) -> ContinuousClock.Instant { zero + .milliseconds(count) }

extension NoteDesk {
  fileprivate mutating func say(_ text: String, _ id: JobID = job, token: UInt64 = 1, at now: Int = 0) {
    say(line(text), id, token: token, now: milliseconds(now))
  }

  /// What goes out at a moment, in words: `2: a b (3)` for the lines from the second on, and progress.
  fileprivate mutating func sent(at now: Int) -> [String] {
    (take(now: milliseconds(now)) ?? []).map { note in
      let texts = note.lines.map { if case .text(let text, _) = $0.content { text } else { "part" } }
      let progress = note.progress.map { " (\($0.done))" } ?? ""
      return "\(note.first): \(texts.joined(separator: " "))\(progress)"
    }
  }
}

@Suite struct `The desk of what runs say` {
  @Test func `words are gathered: the latest progress, all lines, one message each interval`() {
    var desk = NoteDesk()
    #expect(desk.nextDeadline == nil)
    desk.say("a")
    for done in 1...3 { desk.say(JobProgress(done), job, token: 1, now: zero) }
    #expect(desk.sent(at: 0).isEmpty)
    #expect(desk.nextDeadline == milliseconds(20))
    desk.say("b", at: 10)
    desk.say("x", other, at: 10)
    #expect(desk.sent(at: 20) == ["1: a b (3)", "1: x"])
    desk.say("c", at: 30)
    #expect(desk.sent(at: 200).isEmpty, "one message is unanswered")
    #expect(desk.nextDeadline == nil)
    desk.answered(now: milliseconds(40))
    #expect(desk.nextDeadline == milliseconds(120))
    #expect(desk.sent(at: 119).isEmpty)
    #expect(desk.sent(at: 120) == ["3: c"])
    desk.answered(now: milliseconds(130))
    #expect(desk.nextDeadline == nil)
  }

  @Test func `what no answer confirmed goes with the result, in order, with its numbers`() {
    var desk = NoteDesk()
    desk.say("a")
    _ = desk.sent(at: 20)
    desk.answered(now: milliseconds(30))
    desk.say("b", at: 40)
    desk.say(JobProgress(1), job, token: 1, now: milliseconds(40))
    #expect(desk.sent(at: 120) == ["2: b (1)"])
    desk.say("c", at: 130)
    #expect(
      desk.ended(job, token: 1)
        == JobNote(id: job, token: 1, progress: JobProgress(1), first: 2, lines: [line("b"), line("c")]))
    #expect(desk.ended(job, token: 1) == nil)
    desk.answered(now: milliseconds(140))
    #expect(desk.nextDeadline == nil)
  }

  @Test func `a run that said nothing new has nothing for its result`() {
    var desk = NoteDesk()
    #expect(desk.ended(job, token: 1) == nil)
    desk.say("a")
    _ = desk.sent(at: 20)
    desk.answered(now: milliseconds(30))
    #expect(desk.ended(job, token: 2) == nil)
    #expect(desk.ended(job, token: 1) == nil)
  }

  @Test func `what does not fit is counted, and the count is a line`() {
    var desk = NoteDesk()
    for number in 1...(NoteDesk.maximumLineCount + 4) { desk.say("\(number)") }
    let sent = desk.take(now: milliseconds(20))?.first
    #expect(sent?.lines.count == NoteDesk.maximumLineCount)
    #expect(
      sent?.lines.last
        == JobLine("5 lines are missing here: the run said more than busd took", level: .warning, at: time))
    desk.say("lost", at: 30)
    desk.answered(now: milliseconds(40))
    desk.say("after the gap", at: 50)
    #expect(
      desk.sent(at: 120) == ["1001: 2 lines are missing here: the run said more than busd took"],
      "nothing is said before the count of what is missing")
    desk.answered(now: milliseconds(130))
    desk.say("b", at: 140)
    #expect(desk.sent(at: 220) == ["1002: b"])
  }

  @Test func `bytes are bounded for each run and for each message`() {
    var desk = NoteDesk()
    let long = String(repeating: "x", count: JobLine.maximumByteCount)
    for number: UInt64 in 1...4 {
      for _ in 1...40 { desk.say(long, JobID(high: 0, low: number)) }
    }
    var messages = 0
    var runs = 0
    for turn in 1...4 {
      guard let notes = desk.take(now: milliseconds(turn * 1000)) else { break }
      #expect(notes.reduce(0) { $0 + $1.byteCount } < NoteDesk.maximumMessageByteCount + NoteDesk.maximumByteCount * 2)
      (messages, runs) = (messages + 1, runs + notes.count)
      desk.answered(now: milliseconds(turn * 1000))
    }
    #expect((messages, runs) == (2, 4))
  }

  @Test func `a message that was refused for now is sent again with the same words, for ever it is counted`() {
    var desk = NoteDesk()
    desk.say("a")
    #expect(desk.sent(at: 20) == ["1: a"])
    desk.say("b", at: 30)
    desk.refused(retryAfter: .seconds(1), now: milliseconds(40))
    #expect(desk.sent(at: 1039).isEmpty)
    #expect(desk.sent(at: 1040) == ["1: a"])
    desk.answered(now: milliseconds(1050))
    #expect(desk.sent(at: 1140) == ["2: b"])
    desk.refused(retryAfter: nil, now: milliseconds(1150))
    #expect(desk.sent(at: 1240) == ["3: 1 lines are missing here: the run said more than busd took"])
  }

  @Test func `a run whose lease has ended is forgotten; a newer run of the job begins anew`() {
    var desk = NoteDesk()
    desk.say("a")
    _ = desk.sent(at: 20)
    desk.answered(stale: [job], now: milliseconds(30))
    desk.say("old", token: 1, at: 40)
    #expect(desk.sent(at: 120) == ["1: old"], "it begins anew, and busd refuses it again")
    desk.answered(stale: [job], now: milliseconds(130))
    #expect(desk.ended(job, token: 1) == nil)
    desk.say("old", token: 1, at: 140)
    desk.say("new", token: 2, at: 140)
    desk.say("old again", token: 1, at: 140)
    #expect(desk.sent(at: 220) == ["1: new"])
    #expect(desk.ended(job, token: 1) == nil)
    #expect(desk.ended(job, token: 2)?.lines == [line("new")])
  }
}

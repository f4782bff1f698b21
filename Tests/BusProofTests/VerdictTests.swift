import Testing

@testable import BusProof

/// The checker is shown each kind of breach: one that it does not find would make all its zeros worthless.
struct VerdictTests {
  /// Two publishers' events, worked and seen; each breach is one change to it.
  private func whole() -> Evidence {
    var evidence = Evidence()
    for (number, event) in [1_000_001, 1_000_002, 2_000_001, 2_000_002].enumerated() as EnumeratedSequence<[UInt64]> {
      let (key, stamp, job) = (event % 2, 100 * UInt64(number + 1), UInt64(number + 70))
      evidence.add(
        [HistoryLine("p", event, key, stamp), HistoryLine("k", event, stamp + 1), HistoryLine("a", event, stamp + 9)],
        of: "publisher-\(event / 1_000_000)")
      evidence.add(
        [
          HistoryLine("A", event, job, 1, stamp + 20), HistoryLine("B", event, job, 1, stamp + 21),
          HistoryLine("R", key, job + 10, 1, stamp + 30), HistoryLine("S", key, job + 10, stamp + 30, stamp + 35),
        ], of: "worker-3")
      evidence.add([HistoryLine("w", UInt64(number + 8), event, stamp + 10)], of: "watcher-4")
      evidence.stored.append(Evidence.Stored(offset: UInt64(number + 1), event: event, key: key))
    }
    return evidence
  }

  private func judge(_ change: (inout Evidence) -> Void) -> Verdict {
    var evidence = whole()
    change(&evidence)
    return Verdict(evidence, maximumAttempts: 3)
  }

  @Test func `a bus that held has a verdict of zeros`() {
    let verdict = judge { _ in }
    #expect(verdict.holds && verdict.sentences.isEmpty)
    #expect(whole().acknowledgedCount == 4 && whole().keptCount == 4 && whole().runCount == 8)
    #expect(whole().waits == [0, 0, 0, 0] && whole().undone(deadOnes: []) == 0)
  }

  @Test func `an acknowledged event that is not in the spool is lost`() {
    let verdict = judge { $0.stored.remove(at: 1) }
    #expect(verdict.lost == 1 && !verdict.holds)
    #expect(verdict.sentences == ["event 1000002 was acknowledged, and is not in the spool"])
  }

  @Test func `an event that was only in the outbox is lost too, one that was never kept is not`() {
    let kept = judge {
      $0.published[1_000_002]?.acknowledgedAt = nil
      $0.stored.remove(at: 1)
    }
    #expect(kept.lost == 1)
    let given = judge {
      $0.published[1_000_002] = Evidence.Publication(key: 0, stamp: 200)
      $0.stored.remove(at: 1)
    }
    #expect(given.holds)
  }

  @Test func `what is twice in the spool, or in another order, is found`() {
    #expect(judge { $0.stored.append(.init(offset: 9, event: 1_000_001, key: 1)) }.duplicates == 1)
    #expect(judge { $0.stored.swapAt(0, 1) }.disordered == 1)
    #expect(judge { $0.stored.swapAt(1, 2) }.disordered == 0, "publishers have no order between them")
  }

  @Test func `what none of the publishers has published is foreign`() {
    let verdict = judge { $0.stored.append(.init(offset: 9, event: 3_000_001, key: 1)) }
    #expect(verdict.foreign == 1 && !verdict.holds)
    #expect(judge { $0.strangers = 2 }.foreign == 2)
  }

  @Test func `an event without a run is undone, unless its job is dead`() {
    #expect(judge { $0.applied[2_000_001] = nil }.undone == 1)
    let dead = judge {
      $0.applied[2_000_001] = nil
      $0.dead = [72]
    }
    #expect(dead.holds)
  }

  @Test func `an event with two jobs is doubled, one job that ran twice is not`() {
    #expect(judge { $0.add([HistoryLine("A", 1_000_001, 99, 1, 500)], of: "worker-5") }.doubled == 1)
    #expect(judge { $0.add([HistoryLine("A", 1_000_001, 70, 2, 500)], of: "worker-5") }.holds)
  }

  @Test func `a change that no later run has seen is a lost update`() {
    let verdict = judge { $0.refreshed[0]?.removeLast() }
    #expect(verdict.lostUpdates == 1)
    #expect(verdict.sentences == ["key 0: no successful run began after event 2000002 was published"])
  }

  @Test func `runs under one lock at the same time overlap`() {
    #expect(judge { $0.refreshed[0]?.append(.init(job: 9, begin: 233, end: 240)) }.overlaps == 1)
    #expect(judge { $0.refreshed[0]?.append(.init(job: 9, begin: 235, end: 240)) }.overlaps == 0)
  }

  @Test func `a gap that nobody told of is silent, one that was told is not`() {
    let silent = judge { $0.watched["watcher-4"]?.remove(at: 1) }
    #expect(silent.silentGaps == 1)
    let told = judge { $0.watched["watcher-4"]?[1] = HistoryLine("m", 2, 2, 5) }
    #expect(told.holds)
  }

  @Test func `one attempt too many is found`() {
    #expect(judge { $0.add([HistoryLine("A", 1_000_001, 70, 4, 500)], of: "worker-5") }.excessAttempts == 1)
  }

  @Test func `a line that a kill left half written is passed over`() {
    #expect(HistoryLine("A 1 2 3 .") == HistoryLine("A", 1, 2, 3))
    for text in ["A 1 2 3", "A 1 2 ", "A", "", ".", "A x 2 .", "AB 1 2 ."] { #expect(HistoryLine(text[...]) == nil) }
    #expect(HistoryLine(Substring(HistoryLine("p", 5, 6, 7).text.dropLast())) == HistoryLine("p", 5, 6, 7))
  }

  @Test func `what a watcher saw only when the cut was over was replayed to it`() {
    #expect(whole().replayedCount([100...205]) == 0, "it was seen within the time")
    #expect(whole().replayedCount([100...209]) == 1, "acknowledged at 209, seen at 210")
    #expect(whole().replayedCount([100...109, 300...309]) == 2)
    #expect(whole().replayedCount([]) == 0)
  }

  @Test func `the time to an acknowledgement is that of events published in the windows`() {
    #expect(whole().waits(in: [100...100, 300...399]) == [9, 9])
    #expect(whole().waits(in: []).isEmpty)
  }

  @Test func `runs of a held job are known in their order`() {
    var evidence = whole()
    evidence.add([HistoryLine("H", 7, 1, 4101, 900), HistoryLine("H", 7, 2, 4102, 990)], of: "worker-3")
    #expect(evidence.held[7]?.map(\.process) == [4101, 4102])
    #expect(evidence.acknowledgedBy == [1: 2, 2: 2])
  }
}

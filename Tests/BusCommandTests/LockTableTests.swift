import BusProtocol
import Testing

@testable import BusCommand

struct LockTableTests {
  private func job(_ state: JobState, _ number: UInt64, queueLock: String? = nil, workerLock: String? = nil) -> Job {
    Sample.job(state, id: number) { job in
      job.wish.queueLock = queueLock
      job.wish.workerLock = workerLock
      job.merges = Int(number)
      if state == .running { job.startedAt = Sample.now - .seconds(200) }
    }
  }

  @Test func `what holds most up is told first, with its holder, its age, who waits and what was merged`() {
    let locks = LockTable.locks(
      running: [
        job(.running, 1, workerLock: "payments(1)"), job(.running, 2, workerLock: "payments(2)"),
        job(.running, 3, queueLock: "free(3)"),
      ],
      blocked: [
        job(.blocked, 4, workerLock: "payments(2)"), job(.blocked, 5, workerLock: "payments(2)"),
        job(.blocked, 6, workerLock: "other(1)"),
      ],
      waiting: [job(.ready, 7, queueLock: "search.IndexUser(42)"), job(.ready, 8)])
    #expect(locks.map(\.key) == ["payments(2)", "search.IndexUser(42)", "payments(1)"])
    #expect(locks.map(\.waiting) == [2, 0, 0])
    let lines = LockTable(text: Sample.text, columns: nil).lines(locks)
    #expect(
      lines == [
        "LOCK                  KIND    WORKER            JOB                          HELD  WAITING  MERGED",
        "payments(2)           worker  search.IndexUser  \(Sample.id(2) as JobID)  3m20s        2       2",
        "search.IndexUser(42)  queue   search.IndexUser  \(Sample.id(7) as JobID)  3m12s        0       7",
        "payments(1)           worker  search.IndexUser  \(Sample.id(1) as JobID)  3m20s        0       1",
      ])
    #expect(locks[0].json["kind"] == "worker" && locks[0].json["waiting"] == 2)
  }
}

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

  @Test func `what holds most up is told first, with its holder, its age, who waits and what was merged`() throws {
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
    var noted = locks
    let saving = try LockLedger.Saving(
      json: [
        "lock": "search.IndexUser(42)", "worker": "search.IndexUser", "saved": 412,
        "since": .string(Sample.now.description), "last": .string(Sample.now.description),
      ])
    LockTable.note([saving], in: &noted)
    let lines = LockTable(text: Sample.text, columns: nil).lines(noted)
    #expect(
      lines == [
        "LOCK                  KIND    WORKER            JOB                          HELD  WAITING  MERGED  SAVED",
        "payments(2)           worker  search.IndexUser  \(Sample.id(2) as JobID)  3m20s        2       2      -",
        "search.IndexUser(42)  queue   search.IndexUser  \(Sample.id(7) as JobID)  3m12s        0       7    412",
        "payments(1)           worker  search.IndexUser  \(Sample.id(1) as JobID)  3m20s        0       1      -",
      ])
    #expect(locks[0].json["kind"] == "worker" && locks[0].json["waiting"] == 2)
  }

  private func saving(_ lock: String, _ worker: String, _ saved: Int, secondsAgo: Int64) throws -> LockLedger.Saving {
    try LockLedger.Saving(
      json: [
        "lock": .string(lock), "worker": .string(worker), "saved": saved.jsonValue,
        "since": .string((Sample.now - .seconds(3600)).description),
        "last": .string((Sample.now - .seconds(secondsAgo)).description),
      ])
  }

  @Test func `what locks saved is told by lock, or summed up by worker`() throws {
    let savings = try [
      saving("IndexUser(42)", "search.IndexUser", 412, secondsAgo: 9),
      saving("", "billing.Charge", 30, secondsAgo: 200),
      saving("IndexUser(7)", "search.IndexUser", 8, secondsAgo: 60),
    ]
    let ledger = LockLedger(time: Sample.text.time, paint: Paint(isOn: false), columns: nil)
    #expect(
      ledger.lines(savings, byWorker: false) == [
        "SAVED  WORKER            LOCK           SINCE          LAST",
        "  412  search.IndexUser  IndexUser(42)  07:30:15.250Z  9 s ago",
        "   30  billing.Charge    (others)       07:30:15.250Z  3m20s ago",
        "    8  search.IndexUser  IndexUser(7)   07:30:15.250Z  1m ago",
      ])
    #expect(
      ledger.lines(LockLedger.byWorker(savings), byWorker: true) == [
        "SAVED  WORKER            SINCE          LAST",
        "  420  search.IndexUser  07:30:15.250Z  9 s ago",
        "   30  billing.Charge    07:30:15.250Z  3m20s ago",
      ])
  }

  @Test func `one lock tells who has it, who waits in order and what it saved`() throws {
    let holder = job(.running, 1, workerLock: "payments(1)")
    let waiting = job(.blocked, 4, workerLock: "payments(1)")
    let lines = try LockDetails(text: Sample.text).lines([
      "lock": "payments(1)", "holders": [holder.json], "waiting": [waiting.json], "waiting_count": 3,
      "merges": [
        [
          "job": holder.id.jsonValue, "at": .string(Sample.now.description), "subscription": "search/index",
          "offset": 5,
        ]
      ],
      "ledger": [
        [
          "lock": "payments(1)", "worker": "search.IndexUser", "saved": 2, "since": .string(Sample.now.description),
          "last": .string(Sample.now.description),
        ]
      ],
    ])
    #expect(
      lines == [
        "payments(1)", "  held by  search.IndexUser \(holder.id), running for 3m20s",
        "  waiting  3 jobs, in the order in which they go:",
        "    \(waiting.id)  search.IndexUser {\"userID\":42}  waits 3m12s", "    and 2 more",
        "  saved    2 runs of search.IndexUser since 08:30:15.250Z",
        "  merged   the enqueue of search/index for event #5 08:30:15.250Z",
        "  next     bus why \(holder.id), bus jobs cancel \(holder.id)",
      ])
  }
}

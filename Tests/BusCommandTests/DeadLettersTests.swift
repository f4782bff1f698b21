import BusProtocol
import Testing

@testable import BusCommand

struct DeadLettersTests {
  private func dead(_ number: UInt64, _ error: String, secondsAgo: Int64, worker: Name = "Charge") -> Job {
    Sample.job(.dead, id: number, worker: worker) { job in
      job.finishedAt = Sample.now - .seconds(secondsAgo)
      job.failures = [Job.Failure(attempt: 1, at: Sample.now, error: error)]
    }
  }

  @Test(arguments: [
    ("CardDeclined: do not honor", "CardDeclined"), ("TimeoutError()", "TimeoutError"),
    ("declined(code: 5)", "declined"), ("invoice 4711 has 12 lines", "invoice # has # lines"),
    ("no route to host: 10.0.0.1", "no route to host: #.#.#.#"), ("first\nsecond: x", "first"), ("", ""),
  ])
  func `errors of one kind have one name`(error: String, kind: String) {
    #expect(DeadLetters.kind(of: error) == kind)
  }

  @Test func `BS7 what most died of comes first, with the last one that did`() {
    var letters = DeadLetters()
    letters.add(dead(1, "Timeout: 2s", secondsAgo: 60))
    letters.add(dead(2, "CardDeclined: no", secondsAgo: 200))
    letters.add(dead(3, "CardDeclined: never", secondsAgo: 100))
    letters.add(dead(4, "CardDeclined: no", secondsAgo: 300))
    let lines = letters.lines(time: Sample.text.time, paint: Paint(isOn: false), columns: nil)
    #expect(
      lines == [
        "QUEUE           WORKER         DEAD  NEWEST     EXAMPLE                     ERROR",
        "search/default  search.Charge     3  1m40s ago  \(Sample.id(3) as JobID)  CardDeclined",
        "search/default  search.Charge     1  1m ago     \(Sample.id(1) as JobID)  Timeout",
      ])
    #expect(letters.footer.hasPrefix("4 dead jobs. Why one died: bus why \(Sample.id(3) as JobID)"))
    #expect(letters.groups[0].json["count"] == 3)
  }
}

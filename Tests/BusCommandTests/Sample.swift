import BusProtocol

@testable import BusCommand

/// Jobs and events that tests look at; the ids and times are fixed.
enum Sample {
  static let now = TimeTests.now
  static let text = JobText(
    time: TimeText(format: .utc, now: now, zone: { _ in 0 }), paint: Paint(isOn: false))

  static func id<Subject>(_ number: UInt64) -> Identifier<Subject> {
    Identifier(high: 0x0193_BD33_9DD5_7000, low: 0x8000_0000_0000_0000 | number)
  }

  static func job(
    _ state: JobState, id number: UInt64 = 1, worker: Name = "IndexUser", subscription: Bool = true,
    change: (inout Job) -> Void = { _ in }
  ) -> Job {
    var wish = NewJob(
      id: id(number), queue: QueueName(engine: "search", name: "default"), worker: worker, inputs: ["userID": 42],
      queueLock: "search.IndexUser(42)")
    if subscription {
      wish.cause = JobCause(
        event: id(900), offset: Offset(184_223), topic: "user_changed",
        subscription: SubscriptionName(engine: "search", name: "user_index"), source: "account/web-3")
    } else {
      wish.cause = JobCause(source: "bus/web-3")
    }
    var job = Job(wish, state: state, enqueuedAt: now - .seconds(192))
    change(&job)
    return job
  }

  static let event: JSONValue = [
    "specversion": "1.0", "id": .string((id(900) as EventID).description), "source": "account/web-3",
    "type": "user_changed", "time": "2026-01-31T08:27:03.000000Z",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "offset": 184223,
    "recordedtime": "2026-01-31T08:27:03.111000Z", "datacontenttype": "application/json", "data": ["id": 42],
  ]

  static func why(_ job: Job, _ more: JSONObject = [:], event: JSONValue? = Sample.event) -> JSONValue {
    var answer: JSONObject = ["job": job.json, "merges": [], "hands": 0, "busy": 0]
    answer["event"] = event
    for member in more.members { answer[member.key] = member.value }
    return .object(answer)
  }
}

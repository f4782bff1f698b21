import BusProtocol
import Testing

/// The truth table of the language, on one event and one job.
struct FilterTruthTests {
  static let now = Timestamp(microseconds: 1_800_000_000_000_000)

  static func event() throws -> Event {
    let data = #"""
      {"id": 42, "text": "42", "big": 9007199254740993, "huge": 18446744073709551615, "half": 0.5, "whole": 7.0,
       "yes": true, "no": false, "nothing": null, "name": "Ünal \"x\"", "tags": ["a", {"b": 1}], "a-b": {"@c": "$"}}
      """#
    var event = Event(
      id: try EventID("01JEXJ2M4KQ7ZZZZZZZZZZZZZZ"), topic: "user_changed", data: Array(data.utf8),
      time: now - .seconds(600), headers: EventHeaders(source: "account/web-3"))
    event.offset = Offset(17)
    event.sequence = 3
    event.recordedAt = now - .seconds(599)
    return event
  }

  static let truths: [(filter: String, holds: Bool)] = [
    // Types: 42 is not "42" (X10).
    ("data.id == 42", true), ("data.id == '42'", false), ("data.text == '42'", true), ("data.text == 42", false),
    ("data.id == 42.0", true), ("data.whole == 7", true), ("data.yes == true", true), ("data.yes == 'true'", false),
    ("data.no == false", true), ("data.nothing == null", true), ("data.id == null", false), ("data.half == 0.5", true),
    ("data.big == 9007199254740993", true), ("data.big == 9007199254740992", false),
    ("data.big < 9007199254740994", true),
    ("data.big > 9007199254740992.0", true), ("data.huge > 9223372036854775807", true),
    // Absent: every test is false, and so its negation true.
    ("data.gone == 1", false), ("data.gone == null", false), ("data.gone != 1", true), ("data.gone < 1", false),
    ("data.gone >= 1", false), ("not data.gone < 1", true), ("data.gone ~ '*'", false), ("data.gone !~ '*'", true),
    ("data.gone in (1, null)", false), ("data.gone not in (1, null)", true), ("has(data.gone)", false),
    ("not has(data.gone)", true), ("data.gone:1", false), ("data.id.deeper == 42", false),
    // Negation is exactly the other half.
    ("data.id != 42", false), ("data.id != '42'", true), ("data.id != 43", true), ("data.nothing != null", false),
    // Order: within a type only.
    ("data.id < 43", true), ("data.id <= 42", true), ("data.id >= 42", true), ("data.id > 42", false),
    ("data.id < 42.5", true), ("data.half < 1", true), ("data.text < '5'", true), ("data.text < 5", false),
    ("data.text > 5", false), ("data.yes > 0", false), ("data.half > -1", true),
    // null is a value, and has() tells it from nothing.
    ("has(data.nothing)", true), ("has(data)", true), ("has(data.tags)", true),
    // Patterns: the star alone is special, and the whole text is meant (X10).
    ("type ~ 'user_*'", true), ("type ~ '*'", true), ("type ~ 'user.changed'", false), ("type ~ 'user'", false),
    ("type !~ 'order_*'", true), ("type ~ 'USER_*'", false), ("data.id ~ '*'", false), ("data.text ~ '4*'", true),
    ("type ~ '[u]ser_*'", false), ("type ~ 'user?changed'", false),
    ("data.id in (1, 42)", true), ("data.id in ('42')", false), ("type in ('a', 'user_changed')", true),
    ("data.id not in (42)", false),
    // Ways into JSON.
    ("data.tags[0] == 'a'", true), ("data.tags[1].b == 1", true), ("data.tags[2] == 'a'", false),
    ("data.tags.0 == 'a'", false), ("data.a-b.@c == '$'", true), ("data.tags == 'a'", false),
    ("data.name == 'Ünal \"x\"'", true), ("data.name == \"Ünal \\\"x\\\"\"", true),
    ("data.name == 'U\\u{308}nal \"x\"'", false),
    // Joined: not before and, and before or.
    ("data.id == 42 and data.text == '42'", true), ("data.id == 1 or data.text == '42'", true),
    ("data.id == 42 or data.id == 1 and data.id == 2", true),
    ("(data.id == 42 or data.id == 1) and data.id == 2", false),
    ("not data.id == 1 and data.id == 42", true), ("not (data.id == 42 and data.text == '42')", false),
    ("NOT data.id == 1 AND data.id == 42", true), ("not not data.id == 42", true),
    // The short form.
    ("data.id:42", true), ("data.text:42", true), ("data.id:'42'", false), ("data.text:'42'", true),
    ("type:user_*", true), ("topic:user_changed data.id:42", true), ("topic:user_changed data.id:43", false),
    ("data.yes:true", true), ("data.nothing:null", true), ("data.id:42 or data.id:43", true), ("data.text:4*", true),
    ("source:account/web-3", true), ("data.half:0.50", true),
    // Words anywhere.
    ("user", true), ("nobody", false), ("user nobody", false), ("user or nobody", true), ("not nobody", true),
    ("'account/web'", true), ("'\"id\": 42'", true), ("01jexj2m4k", true), ("01JEXK", false), ("01", false),
    // Times, from now back.
    ("time < 9m", true), ("time > 9m", false), ("time > 11m", true), ("time < +1m", true), ("recordedtime > 10m", true),
    ("time == 10m", true), ("time > 2026-01-31", true), ("time > 2026-01-31T08:30:00Z", true),
    ("time < '2026-01-31T08:30:00+02:00'", false), ("time in (10m)", true), ("time != 10m", false),
    // The rest of the envelope.
    ("id ~ '01JEX*'", true), ("id:01jexj2m4k", true), ("id == '01JEXJ2M4KQ7ZZZZZZZZZZZZZZ'", true),
    ("offset == 17", true),
    ("sequence >= 3", true), ("has(causationid)", false), ("has(correlation)", true),
    ("datacontenttype ~ '*/json'", true),
  ]

  @Test func `X10: the table of truth holds`() throws {
    let subject = EventSubject(try FilterTruthTests.event())
    for row in FilterTruthTests.truths {
      let filter = try Filter(row.filter)
      #expect(try filter.bound(to: .events, at: FilterTruthTests.now).matches(subject) == row.holds, "\(row.filter)")
      let negated = try Filter("not (\(row.filter))").bound(to: .events, at: FilterTruthTests.now)
      #expect(negated.matches(subject) != row.holds, "not: \(row.filter)")
    }
  }

  static let jobTruths: [(filter: String, holds: Bool)] = [
    ("queue:charge", true), ("queue:billing/charge", true), ("queue:char*", true), ("queue:shop/charge", false),
    ("queue == 'billing/charge'", true), ("queue ~ '*/charge'", true), ("engine:billing", true), ("state:dead", true),
    ("state == 'dead'", true), ("state in ('dead', 'done')", true), ("state != 'done'", true), ("state ~ 'd*'", true),
    ("queue:charge state:dead args.user_id:42", true), ("inputs.user_id == 42", true), ("args.user_id:43", false),
    ("tries > 2", true), ("attempts:3", true), ("attempts:4", false), ("error ~ '*refused*'", true),
    ("error == 'timeout'", false), ("lock:'billing.Charge:42'", true), ("lock:billing.Charge:42", true),
    ("has(worker_lock)", false), ("enqueued_at < 1h", true), ("finished_at > 1h", true), ("has(due_at)", false),
    ("worker:*Charge", true), ("refused", false), ("billing.Charge", true), ("'\"user_id\":42'", true),
    ("topic:user_changed", true), ("subscription:charge_user", true), ("has(parent)", false), ("offset:9", true),
    ("event:01JEXJ2M4KQ7ZZZZZZZZZZZZZZ", true), ("event:01JEXJ", true), ("event:01JEXK", false),
    ("priority < 0", false),
    ("context.tenant:acme", true), ("args.deep[0].x:1", true), ("process ~ 'billing.1@*'", true),
  ]

  @Test func `the table of truth holds for jobs`() throws {
    let now = FilterTruthTests.now
    let wish = NewJob(
      id: try JobID("01JEXJ2M4KQ7ZZZZZZZZZZZZZ0"), queue: try QueueName("billing/charge"), worker: "billing.Charge",
      inputs: ["user_id": 42, "deep": [["x": 1]]], queueLock: "billing.Charge:42",
      cause: JobCause(
        event: try EventID("01JEXJ2M4KQ7ZZZZZZZZZZZZZZ"), offset: Offset(9), topic: "user_changed",
        subscription: try SubscriptionName("billing/charge_user"), context: ["tenant": "acme"]))
    let failures = ["timeout", "connection refused by peer"].enumerated().map {
      Job.Failure(attempt: $0.offset + 1, at: now, error: $0.element)
    }
    let job = Job(
      wish, state: .dead, attempts: 3, enqueuedAt: now - .seconds(7200), finishedAt: now - .seconds(5),
      process: "billing.1@web-3:4101", failures: failures)
    for row in FilterTruthTests.jobTruths {
      let filter = try Filter(row.filter).bound(to: .jobs, at: now)
      #expect(filter.matches(JobSubject(job)) == row.holds, "\(row.filter)")
    }
  }

  @Test func `data that is not JSON is not there`() throws {
    var event = try FilterTruthTests.event()
    event.data = Array("{".utf8)
    #expect(try !Filter("has(data)").bound(to: .events, at: nil).matches(EventSubject(event)))
    event.data = Array("{}".utf8)
    event.headers.contentType = "text/plain"
    #expect(try !Filter("has(data)").bound(to: .events, at: nil).matches(EventSubject(event)))
  }

  @Test func `a member that only looks like the key is another`() throws {
    var event = try FilterTruthTests.event()
    event.data = Array("{\"\u{212A}\": 1}".utf8)
    #expect(try !Filter("has(data.K)").bound(to: .events, at: nil).matches(EventSubject(event)))
  }
}

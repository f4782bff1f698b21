internal import BusProtocol

extension FuzzSeeds {
  private static var records: [UInt8] {
    get throws {
      var bytes: [UInt8] = []
      for event in try events { _ = try Record.append(event, to: &bytes) }
      return bytes
    }
  }

  private static let wishes = [
    SubscriptionWish(name: subscription, patterns: ["a", "b*"], start: .after(Offset(5))),
    SubscriptionWish(name: subscription, patterns: ["c"], conditions: ["a": "present", "b": ["equals": 42]]),
  ]

  static var requests: [Request] {
    get throws {
      [
        .hello(Hello(role: .engine, process: "search.2@web-3:4101", engine: "search")), .bye,
        .carry(request: 1, publisher: PublisherID(high: 3, low: 4), oldest: 1, records: try records),
        .publish(
          request: 2, publication: Publication(topic: topic, id: event, headers: headers), data: document),
        .announce(
          request: 3, announcement: Announcement(id: event, topic: topic, data: document, dueAt: time, headers: headers)
        ),
        .withdraw(request: 4, ids: [event]), .read(request: 4, after: Offset(7), patterns: ["user_*"], limit: 100),
        .subscribe(request: 5, subscriptions: wishes, schedules: schedules),
        .commit(
          request: 6,
          commit: Commit(subscription: subscription, token: 3, from: Offset(1), through: Offset(9), jobs: [wish])),
        .enqueue(request: 7, jobs: [wish, smallWish]),
        .enqueueGroup(request: 7, group: JobGroup([wish], .batch(then: smallWish, size: 5000, first: 4999))),
        .enqueueGroup(request: 7, group: JobGroup(chain: [smallWish, wish])),
        .hands(Hands(engine: "search", queues: [queue], workers: ["IndexUser"], concurrency: 8)),
        .finish(request: 8, results: results), .finish(request: 8, results: [result]),
        .note(request: 8, notes: [note]),
        .beat(jobs: [Held(jobID, token: 77)], subscriptions: [Held(subscription, token: 3)]),
        .change(request: 9, what: "forget_subscription", parameters: ["name": "a/b"]),
        .ask(request: 9, about: "job", parameters: ["id": "01"]),
      ]
    }
  }

  static var replies: [Reply] {
    get throws {
      let filter = try Filter("data.id == 42").bound(to: .events, at: nil)
      let wiring = EngineWiring(
        queues: [.init(name: "default", priority: 100, timeout: .seconds(120))],
        subscriptions: [.init(name: "user_index", queue: "low", isEnabled: false), .init(name: "x", where: filter)],
        concurrency: 8)
      let assignment = Assignment(
        id: jobID, token: 77, attempt: 2, queue: queue, worker: "IndexUser", inputs: ["userID": 42], cause: cause)
      return [
        .welcome(Welcome(log: log, head: Offset(8), live: "ipc:///run/bus/live", lease: .seconds(15), wiring: wiring)),
        .announced(request: 3, id: event, dueAt: time), .withdrawn(request: 4, ids: [event]),
        .carried(request: 1, through: 9, head: Offset(8)), .published(request: 2, id: event, offset: Offset(8)),
        .events(
          request: 3,
          chunk: EventsChunk(through: Offset(8), head: Offset(9), missing: 1...5, records: try records)),
        .subscribed(request: 4), .granted([Grant(subscription: subscription, token: 3, cursor: Offset(7))]),
        .committed(request: 5, outcomes: [.enqueued(jobID), .merged(into: jobID), .parked(jobID, reason: "no queue")]),
        .enqueued(request: 6, outcomes: [.refused(jobID, EnqueueRefusal(.full, "3 wait")), .ran(jobID)]),
        .jobs([assignment]), .cancel([jobID]), .finished(request: 7, stale: [jobID], ended: [jobID]),
        .noted(request: 7, stale: [jobID]), .beaten(jobs: [jobID], subscriptions: [subscription]),
        .answer(request: 8, ["jobs": [job.json], "events": [plainEvent.cloudEvent]]),
        .refused(
          request: 9, Refusal(code: "gap", message: "m", help: "h", retryAfter: .seconds(1), expected: 7)),
        .ping, .head(Offset(3)), .changed(request: 9, ["a": 1]),
      ]
    }
  }

  static var live: [LiveMessage] {
    get throws {
      [
        .events(topic: Array(topic.text.utf8), records: try records),
        .mark(Mark(log: log, after: Offset(5), through: Offset(8), counts: ["a": 1, "b": 2])),
      ]
    }
  }
}

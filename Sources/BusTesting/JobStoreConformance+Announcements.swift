import BusProtocol
import BusStore

extension JobStoreConformance {
  static let announcementRules = [
    Rule("QB2 an event to come is kept as it is until it is withdrawn, and told of when it is due") { bench in
      let headers = EventHeaders(source: "shop/web-1", context: ["tenant": 7])
      let announced = [30, 10, 20].map { seconds in
        Announcement(
          id: bench.newID(), topic: "trial_ended", data: Array("{\"n\":\(seconds)}".utf8),
          dueAt: bench.now + .seconds(seconds), headers: headers)
      }
      try bench.expect(try bench.one(.announce(announced)), is: .announced(3), "announced")
      try bench.expect(try bench.one(.announce([announced[0]])), is: .announced(0), "announced again")
      try bench.reopen()
      try bench.expect(try bench.store.nextAnnouncement(), is: bench.now + .seconds(10), "the first that is due")
      try bench.expect(
        try bench.store.announcements(dueBy: bench.now + .seconds(9), limit: 9).count, is: 0, "due too early")
      let due = try bench.store.announcements(dueBy: bench.now + .seconds(20), limit: 9)
      try bench.expect(due, is: [announced[1], announced[2]], "due in 20 s")
      try bench.expect(
        try bench.store.announcements(dueBy: Timestamp(microseconds: .max), limit: 2).count, is: 2, "with a limit")
      let ids = [announced[1].id, bench.newID(), announced[1].id]
      try bench.expect(try bench.one(.withdraw(ids)), is: .withdrawn([announced[1].id]), "withdrawn")
      try bench.reopen()
      try bench.expect(
        try bench.store.announcements(dueBy: Timestamp(microseconds: .max), limit: 9),
        is: [announced[2], announced[0]], "what is left")
    },
    Rule("each death of a job is kept as an event that is due, with its cause, and none is made of a death's own jobs")
    {
      bench in
      let cause = JobCause(topic: "invoice_created", correlation: bench.newID(), context: ["tenant": 7])
      let dying = bench.wish("Charge", cause: cause)
      let handling = bench.wish("Alert", cause: JobCause(topic: "job_dead"))
      try bench.enqueue(dying)
      try bench.enqueue(handling)
      for run in try bench.claim(2) { _ = try bench.finish(run, .dead(error: "no such card")) }
      _ = try bench.one(.change([JobChange(dying.id, .retry)]))
      _ = try bench.finish(try bench.claimOne(), .dead(error: "still none"))
      try bench.reopen()
      let told = try bench.store.announcements(dueBy: bench.now, limit: 9)
      try bench.expect(told.map(\.topic), is: ["job_dead", "job_dead"], "the deaths")
      try bench.expect(Set(told.map(\.id)).count, is: 2, "their ids")
      let errors = try told.map { try JSONParser.parse($0.data)["error"] }
      try bench.expect(Set(errors.map { $0?.text ?? "" }), is: ["\"no such card\"", "\"still none\""], "the errors")
      for event in told {
        try bench.expect(event.headers.causation, is: .job(dying.id), "what brought it about")
        try bench.expect(event.headers.correlation, is: cause.correlation, "its chain")
        try bench.expect(event.headers.context, is: cause.context, "its context")
      }
    },
    Rule("an event to come without data or headers comes back without") { bench in
      let bare = Announcement(id: bench.newID(), topic: "a", data: [], dueAt: bench.now)
      _ = try bench.one(.announce([bare]))
      try bench.expect(try bench.store.announcements(dueBy: bench.now, limit: 1), is: [bare], "the event")
    },
  ]
}

import BusProtocol
import Testing

struct WireTests {
  @Test(arguments: Samples.requests) func `each request comes back from its frames`(request: Request) throws {
    #expect(try Request(frames: request.frames) == request)
  }

  @Test(arguments: Samples.replies) func `each reply comes back from its frames`(reply: Reply) throws {
    #expect(try Reply(frames: reply.frames) == reply)
  }

  @Test(arguments: Samples.live) func `each live message comes back from its frames`(message: LiveMessage) throws {
    #expect(try LiveMessage(frames: message.frames) == message)
  }

  @Test func `the frames are what the protocol article prints`() throws {
    func text(_ frames: [[UInt8]]) -> [String] { frames.map { String(decoding: $0, as: UTF8.self) } }
    #expect(
      text(Request.hello(Hello(role: .service, process: "account@web-3:4101")).frames)
        == ["hello", #"{"protocol":1,"role":"service","process":"account@web-3:4101","packed":1}"#])
    #expect(
      text(Request.read(request: 4, after: Offset(184_222), patterns: ["user_*"], limit: 1000).frames)
        == ["read", #"{"request":4,"after":184222,"patterns":["user_*"],"limit":1000}"#])
    #expect(
      text(Request.enqueue(request: 5, jobs: [Samples.smallWish]).frames)[1]
        == #"{"request":5,"jobs":[{"id":"01KG9JRPXVEWH828T5CY4TQKFF","queue":"search/default","worker":"IndexUser","inputs":{}}]}"#
    )
    #expect(
      text(Reply.published(request: 2, id: Samples.event, offset: Offset(184_223)).frames)
        == ["published", #"{"request":2,"id":"01KG9JRPXVEWH828T5CY4TQKFF","offset":184223}"#])
    #expect(
      text(Request.finish(request: 8, results: [JobResult(id: Samples.job, token: 77, outcome: .done)]).frames)[1]
        == #"{"request":8,"results":[{"id":"01KG9JRPXVEWH828T5CY4TQKFF","token":77,"outcome":"done"}]}"#)
  }

  @Test(arguments: [
    (#""batch":{}"#, "then"), (#""batch":7"#, "batch"), (#""chain":1"#, "chain"),
    (#""batch":{"then":THEN,"size":100001}"#, "the limit is 100000"),
    (#""batch":{"then":THEN,"size":0}"#, "no part of a batch of 0"),
    (#""batch":{"then":THEN,"first":1}"#, "no part of a batch of 1"),
    (#""batch":{"then":THEN,"size":9,"first":-1}"#, "no part"),
    (#""batch":{"then":THEN,"size":9,"first":9223372036854775807}"#, "no part"),
    (#""batch":{"then":THEN,"size":-9223372036854775808}"#, "no part"),
    (#""batch":{"then":SAME}"#, "the same id"),
  ])
  func `a group that is none is refused with a sentence`(members: String, expected: String) throws {
    let members = members.replacing("THEN", with: Samples.thenWish.json.text)
      .replacing("SAME", with: Samples.smallWish.json.text)
    let text = #"{"request":1,"jobs":[\#(Samples.smallWish.json.text)],\#(members)}"#
    let error = #expect(throws: ProtocolError.self) { try Request(frames: frames("enqueue", text)) }
    #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
  }

  @Test func `a chain has at most 100 steps`() throws {
    let steps = (0..<101).map { NewJob(id: JobID(high: 1, low: $0), queue: Samples.queue, worker: "Step") }
    #expect(throws: ProtocolError.self) { try JobGroup(chain: steps).check() }
    try JobGroup(chain: steps.dropLast()).check()
  }

  @Test func `a batch comes back from its JSON`() throws {
    let batch = JobBatch(
      then: Samples.job, size: 3, open: 1, step: 2,
      jobs: [
        JobBatch.Member(place: 0, job: Samples.job, state: .done, result: ["width": 7]),
        JobBatch.Member(place: 2, job: Samples.job, state: .dead, error: "no", isOpen: true),
      ], next: 3)
    #expect(try JobBatch(json: batch.json) == batch)
    #expect(throws: ProtocolError.self) { try JobBatch(json: ["then": Samples.job.jsonValue, "size": 1]) }
  }

  @Test func `null members count as absent`() throws {
    var hello = Hello(role: .tool, process: "x")
    hello.packedForm = 0
    #expect(
      try Request(
        frames: frames("hello", #"{"protocol":1,"role":"tool","process":"x","engine":null,"packed":null}"#))
        == .hello(hello))
    let job =
      #"{"id":"01KG9JRPXVEWH828T5CY4TQKFF","queue":"search/default","worker":"IndexUser","#
      + #""inputs":null,"queue_lock":null,"worker_lock":"","priority":null,"due_at":null,"retry":null,"cause":null}"#
    #expect(
      try Request(frames: frames("enqueue", #"{"request":1,"jobs":[\#(job)]}"#))
        == .enqueue(request: 1, jobs: [Samples.smallWish]))
    #expect(
      try Request(frames: frames("ask", #"{"request":1,"about":"status","parameters":null}"#))
        == .ask(request: 1, about: "status", parameters: [:]))
    #expect(
      try Request(frames: frames("publish", #"{"request":1,"topic":"a","context":null}"#, [1]))
        == .publish(request: 1, publication: Publication(topic: "a"), data: [1]))
    #expect(
      try Reply(frames: frames("refused", #"{"request":null,"code":"x","message":"y"}"#))
        == .refused(request: nil, Refusal(code: "x", message: "y")))
  }

  @Test func `members of a later version are passed over`() throws {
    #expect(try Request(frames: frames("bye", #"{"why":"x"}"#)) == .bye)
    #expect(try Request(frames: [Array("bye".utf8)]) == .bye)
    #expect(try Request(frames: [Array("bye".utf8), []]) == .bye)
    #expect(try Reply(frames: frames("subscribed", #"{"request":1,"more":[[]]}"#)) == .subscribed(request: 1))
  }

  private func frames(_ verb: String, _ json: String, _ bytes: [UInt8]? = nil) -> [[UInt8]] {
    [Array(verb.utf8), Array(json.utf8)] + (bytes.map { [$0] } ?? [])
  }
}

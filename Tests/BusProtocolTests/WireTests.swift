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
        == ["hello", #"{"protocol":1,"role":"service","process":"account@web-3:4101"}"#])
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

  @Test func `null members count as absent`() throws {
    #expect(
      try Request(frames: frames("hello", #"{"protocol":1,"role":"tool","process":"x","engine":null}"#))
        == .hello(Hello(role: .tool, process: "x")))
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

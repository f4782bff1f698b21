import BusProtocol
import Testing

struct MergeTests {
  private let now = Samples.time

  private func wish(after: Int = 60, atMost: Int = 100, dueIn: Int? = nil) -> NewJob {
    var wish = Samples.smallWish
    wish.queueLock = "k"
    wish.debounce = Debounce(after: .seconds(after), atMost: .seconds(atMost))
    wish.dueAt = dueIn.map { now + .seconds($0) }
    return wish
  }

  @Test func `a wish with all that a queue lock can do comes back from its JSON`() throws {
    for policy in MergePolicy.allCases {
      for end in QueueLockEnd.allCases {
        var wish = wish()
        (wish.onMerge, wish.lockUntil, wish.expiresAt) = (policy, end, now)
        #expect(try NewJob(json: JSONParser.parse(wish.json.bytes)) == wish)
      }
    }
  }

  @Test func `a wish without says nothing of it`() {
    let text = Samples.smallWish.json.text
    for word in ["on_merge", "lock_until", "debounce", "expires_at"] { #expect(!text.contains(word)) }
  }

  @Test(arguments: [
    #""on_merge":"append""#, #""on_merge":1"#, #""lock_until":"never""#, #""expires_at":"tomorrow""#,
    #""queue_lock":"k","debounce":{"after":0,"at_most":1}"#, #""queue_lock":"k","debounce":{"after":2,"at_most":1}"#,
    #""queue_lock":"k","debounce":{"after":-9223372036854775808,"at_most":1}"#, #""queue_lock":"k","debounce":7"#,
    #""queue_lock":"k","debounce":{"after":1}"#, #""debounce":{"after":1,"at_most":1}"#,
    #""queue_lock":"","debounce":{"after":1,"at_most":1}"#,
  ])
  func `what makes no sense is refused`(members: String) throws {
    let text = Samples.smallWish.json.text.dropLast() + "," + members + "}"
    #expect(throws: ProtocolError.self) { try NewJob(json: JSONParser.parse(Array(text.utf8))) }
  }

  @Test func `X2 the policies keep, replace and merge`() {
    let (older, newer): (JSONObject, JSONObject) = (["a": 1, "b": ["x": 1]], ["b": ["y": 2], "c": nil])
    #expect(MergePolicy.keep.inputs(of: older, with: newer) == older)
    #expect(MergePolicy.replace.inputs(of: older, with: newer) == newer)
    #expect(MergePolicy.merge.inputs(of: older, with: newer) == ["a": 1, "b": ["y": 2], "c": nil])
    #expect(MergePolicy.merge.inputs(of: older, with: [:]) == older)
  }

  @Test func `X2 many members are merged in a moment`() {
    let members = { (name: String) in JSONObject((0..<30_000).map { JSONObject.Member("\(name)\($0)", 1) }) }
    let both = MergePolicy.merge.inputs(of: members("a"), with: members("b"))
    #expect(both == members("b"), "too long together")
  }

  @Test func `OT6 each wish puts the time off, up to the bound after the first`() {
    var due = DueTime(of: wish(), at: now)
    #expect(due == DueTime(at: now + .seconds(60), bound: now + .seconds(100)))
    due.take(wish(), at: now + .seconds(30))
    #expect(due.at == now + .seconds(90))
    due.take(wish(), at: now + .seconds(50))
    #expect(due.at == now + .seconds(100))
    due.take(wish(), at: now + .seconds(100))
    #expect(due.at == now + .seconds(100), "what is due is not put off")
  }

  @Test func `OT6 a wish that names a time, or none and no pause, is not put off by later ones`() {
    var due = DueTime(of: wish(), at: now)
    due.take(wish(dueIn: 70), at: now)
    due.take(wish(), at: now + .seconds(20))
    #expect(due == DueTime(at: now + .seconds(70), bound: now + .seconds(70)))
    due.take(Samples.smallWish, at: now + .seconds(20))
    #expect(due.at == nil)
    due.take(wish(), at: now + .seconds(21))
    #expect(due.at == nil)
  }

  @Test func `the times of a pause stay within those that a clock has`() {
    let endless = Debounce(after: .seconds(Int64.max), atMost: .seconds(Int64.max))
    var wish = wish()
    wish.debounce = endless
    var due = DueTime(of: wish, at: now)
    due.take(wish, at: now)
    #expect(due.at == Timestamp(microseconds: .max))
    #expect(Debounce(after: .seconds(9), atMost: .seconds(1)).atMost == .seconds(9))
  }
}

internal import BusProtocol
internal import ZeroMQ

extension FuzzTarget {
  private static let requestVerbs = [
    "hello", "carry", "publish", "read", "subscribe", "commit", "enqueue", "hands", "finish", "beat", "ask", "bye",
    "announce", "withdraw", "note", "change",
  ]
  private static let replyVerbs = [
    "welcome", "carried", "published", "events", "subscribed", "granted", "committed", "enqueued", "jobs", "finished",
    "beaten", "answer", "refused", "ping", "announced", "withdrawn", "cancel", "noted", "changed", "head",
  ]
  private static let packedRequestVerbs = ["commit", "enqueue", "finish"]
  private static let packedReplyVerbs = ["committed", "enqueued", "jobs", "finished"]

  static let messageTargets = [
    FuzzTarget("request", seeds: { try FuzzSeeds.requests.map { try Forgery.bytes($0.frames, of: requestVerbs) } }) {
      try read(request: Forgery.frames($0, of: requestVerbs))
    },
    FuzzTarget("reply", seeds: { try FuzzSeeds.replies.map { try Forgery.bytes($0.frames, of: replyVerbs) } }) {
      try read(reply: Forgery.frames($0, of: replyVerbs))
    },
    FuzzTarget("packed_request", seeds: { try packedRequests() }) {
      try read(request: Forgery.packedFrames($0, of: packedRequestVerbs))
    },
    FuzzTarget("packed_reply", seeds: { try packedReplies() }) {
      try read(reply: Forgery.packedFrames($0, of: packedReplyVerbs))
    },
    FuzzTarget("live", seeds: { try FuzzSeeds.live.map { try Forgery.bytes($0.frames, of: liveTopics) } }) { bytes in
      let message = try LiveMessage(frames: Forgery.packedFrames(bytes, of: liveTopics))
      try comesBack(message, as: "a live message") { try LiveMessage(frames: message.frames) }
      if case .events(_, let records) = message { _ = try Record.events(records) }
    },
    FuzzTarget("zap", seeds: { [FuzzSeeds.zap] }) { bytes in
      let question = try required(ZapHandler.Question(frames: lengthFrames(bytes)))
      guard let key = question.publicKey else { return }
      try require(CurveKeys.bytes(of: key) == question.credentials.first, "a public key changes on its way")
    },
  ]

  private static let liveTopics = ["~mark", "user_changed"]

  private static func packedRequests() throws -> [[UInt8]] {
    try packed(FuzzSeeds.requests.map { $0.frames(isPacked: true) }, packedRequestVerbs)
  }

  private static func packedReplies() throws -> [[UInt8]] {
    try packed(FuzzSeeds.replies.map { $0.frames(isPacked: true) }, packedReplyVerbs)
  }

  private static func packed(_ messages: [[[UInt8]]], _ verbs: [String]) throws -> [[UInt8]] {
    try messages.filter { $0.count == 2 && $0[1].first == 1 }.map { try Forgery.bytes($0, of: verbs) }
  }

  private static func read(request frames: [[UInt8]]) throws {
    let request = try Request(frames: frames)
    try comesBack(request, as: "a request in JSON") { try Request(frames: request.frames) }
    try comesBack(request, as: "a packed request") { try Request(frames: request.frames(isPacked: true)) }
  }

  private static func read(reply frames: [[UInt8]]) throws {
    let reply = try Reply(frames: frames)
    try comesBack(reply, as: "a reply in JSON") { try Reply(frames: reply.frames) }
    try comesBack(reply, as: "a packed reply") { try Reply(frames: reply.frames(isPacked: true)) }
    if case .answer(_, let answer) = reply {
      let shown = FuzzSeeds.redaction.shown(answer)
      try comesBack(shown, as: "a redacted answer") { try JSONParser.parse(shown.bytes) }
    }
  }

  /// Frames, each behind a byte that says its length.
  private static func lengthFrames(_ bytes: [UInt8]) -> [[UInt8]] {
    var (frames, rest): ([[UInt8]], ArraySlice<UInt8>) = ([], bytes[...])
    while let count = rest.popFirst() {
      frames.append(Array(rest.prefix(Int(count))))
      rest = rest.dropFirst(Int(count))
    }
    return frames
  }
}

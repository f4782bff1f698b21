internal import BusProtocol
internal import BusSigning

extension FuzzTarget {
  private static let signer: Name = "account"
  private static let giver: Name = "web"
  private static let context: JSONObject = ["tenant": 7, "locale": "fr"]

  private static func key() throws -> SigningKey { try SigningKey.ofSeed([UInt8](1...32), for: signer) }

  /// What the targets compare with, made once: a signature takes as long as many inputs.
  private static let genuine = Result {
    try FuzzSeeds.events.map { event in
      var event = event
      try key().sign(&event)
      return event
    }
  }
  private static let verifyingKey = Result { try key().verifyingKey }
  private static let signers = verifyingKey.map { Signers([$0]) }

  static let signingTargets = [
    // A record, as the target `record` reads it: taken when it is signed. Nothing but what was signed may be.
    FuzzTarget("signature", seeds: { try genuine.get().map { [1] + (try record($0)) } }) { bytes in
      let event = try Record.event(forged(bytes))
      guard case .genuine(let name) = try signers.get().check(event) else { throw Refused() }
      try require(name == signer, "a signature is another signer's")
      try require(try genuine.get().contains { isSame($0, event) }, "an event is taken for signed that nobody signed")
    },
    // A context in JSON, with its seal.
    FuzzTarget("seal", seeds: { [JSONValue.object(try sealed().cause.context ?? [:]).bytes] }) { bytes in
      guard case .object(let context) = try JSONParser.parse(bytes) else { throw Refused() }
      let job = FuzzSeeds.wish
      let finding = ContextSeal.check(context, of: job.queue, job.worker, with: try verifyingKey.get())
      guard case .genuine(let name) = finding else { throw Refused() }
      let isSealed = name == giver && ContextSeal.values(of: context) == FuzzTarget.context
      try require(isSealed, "a context is taken for sealed that nobody sealed")
    },
    FuzzTarget("signing_file", seeds: { [Array(try key().verifyingKey.line.utf8)] }) { bytes in
      let key = try VerifyingKey(bytes, of: "a")
      try comesBack(key, as: "a key") { try VerifyingKey(Array(key.line.utf8), of: "a") }
    },
  ]

  /// Whether all of an event that its signer signs is the same.
  private static func isSame(_ one: Event, _ other: Event) -> Bool {
    one.id == other.id && one.publisher == other.publisher && one.publisherSequence == other.publisherSequence
      && one.time == other.time && one.topic == other.topic && one.headers == other.headers && one.data == other.data
  }

  private static func sealed() throws -> NewJob {
    var job = FuzzSeeds.wish
    job.cause.context = context
    try ContextSeal.seal(&job, givenBy: giver, with: try key())
    return job
  }
}

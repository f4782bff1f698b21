internal import BusProtocol
internal import BusSigning
internal import BusTopology

/// Records of a batch that are not taken, and never will be.
struct Withheld: Equatable {
  /// Why the first one is not.
  var first: Denial
  /// Their numbers in their outbox.
  var sequences: [UInt64] = []
  /// How many of them are so for their signature.
  var signatureCount = 0
}

/// What is looked at in each event that comes in: its topic, and its signature where signatures are known.
extension Guarded {
  /// Which records of a batch may not be published; nil when all may.
  func denial(of records: [Intake.Numbered], in bytes: [UInt8], at moment: Timestamp) -> Withheld? {
    var withheld: Withheld?
    var last: (topic: ArraySlice<UInt8>, denial: Denial?, rule: RightPattern?)?
    for record in records {
      let topic = Record.topicBytes(bytes, at: record.start)
      if last?.topic != topic {
        let text = String(decoding: topic, as: UTF8.self)
        last = (topic, denial(.publish, text), permissions.signing.rule(for: text))
      }
      var denial = last?.denial
      let isOfSignature = denial == nil
      if isOfSignature { denial = denialOfSignature(record.start, in: bytes, rule: last?.rule, at: moment) }
      guard let denial else { continue }
      withheld = withheld ?? Withheld(first: denial)
      withheld?.sequences.append(record.sequence)
      if isOfSignature { withheld?.signatureCount += 1 }
    }
    return withheld
  }

  /// Why it may not number the events of an outbox; nil when it may, because nobody has it, or nobody any more.
  func denial(of publisher: PublisherID, ownedBy owner: Name?) -> Denial? {
    guard let principal, let owner, owner != principal, permissions.knows(owner) else { return nil }
    return Denial(
      line: "\(principal) carry \(publisher)", reason: "this outbox is that of \(owner)",
      help: "give each service a BUS_STATE_DIR of its own; where \(owner) has become \(principal), begin with an empty "
        + "one, or stop busd and remove the line of \(publisher) from the file owners in its spool")
  }

  /// Refuses an event that comes in a form that has no signature.
  func demandUnsigned(_ topic: Topic) throws(Denial) {
    try demand(.publish, topic.text)
    if let denial = denialOfUnsigned(topic.text) { throw denial }
  }

  /// Why an event of a topic is not taken without a signature; nil when it is.
  func denialOfUnsigned(_ topic: String) -> Denial? {
    permissions.signing.rule(for: topic).map { rule in
      Denial(
        line: "\(principal?.text ?? "nobody") publish \(topic) unsigned",
        reason: "events of \(topic) have to be signed (access.signed: \(rule))",
        help: "publish it through an outbox, with BUS_SIGNING_KEY set to the path of a NAME.sign")
    }
  }

  /// The record was checked before. One that need not be signed, and is not, is not looked into.
  private func denialOfSignature(
    _ start: Int, in bytes: [UInt8], rule: RightPattern?, at moment: Timestamp
  ) -> Denial? {
    guard rule != nil || !signers.isEmpty else { return nil }
    guard rule != nil || Record.isSigned(bytes, at: start), let event = try? Record.event(bytes, at: start) else {
      return nil
    }
    switch signers.check(event) {
    case .unsigned: return denialOfUnsigned(event.topic.text)
    case .unknown(let signer):
      return Guarded.denial(
        signer, event, "busd has no \(signer).verify", help: "put it into the directory access.signers, and reload")
    case .forged(let signer):
      return Guarded.denial(
        signer, event, "its signature is not that of what came", help: "find out who sends in the name of \(signer)")
    case .genuine(let signer): return denial(ofGenuine: event, by: signer, at: moment)
    }
  }

  /// Who signs has to be one who may publish. What is older than busd remembers publishers could have come before.
  private func denial(ofGenuine event: Event, by signer: Name, at moment: Timestamp) -> Denial? {
    guard permissions.maySign(signer, event.topic.text) else {
      return Guarded.denial(
        signer, event, "no rule lets \(signer) publish it",
        help: "access.principals: { \(signer): { publish: [\"\(event.topic)\"] } } would allow it")
    }
    let age = moment - event.time
    if age > permissions.signing.window {
      return Guarded.denial(
        signer, event, "it was made more than \(permissions.signing.window.words) ago",
        help: "publish it anew; access.signed_within says how long one may wait")
    }
    guard age >= .zero - SigningDefinition.clockAllowance else {
      return Guarded.denial(
        signer, event, "its time has not come by busd's clock", help: "set the clocks of both machines")
    }
    return nil
  }

  private static func denial(_ signer: Name, _ event: Event, _ reason: String, help: String) -> Denial {
    Denial(line: "\(signer) sign \(event.topic)", reason: reason, help: help)
  }
}

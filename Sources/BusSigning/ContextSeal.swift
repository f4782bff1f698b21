public import BusProtocol

/// busd's word for a job's context: which principal gave it, and that nobody has changed it since.
///
/// It travels as a member of the context, `~seal`: the giver, a blank, and the signature in base 64. What is signed:
/// the text "bus context 1" and a zero, then giver, queue and worker, each with a zero behind it, then the context
/// without its seal as JSON.
public enum ContextSeal {
  /// What a look at a context found.
  public enum Finding: Hashable, Sendable {
    /// There is none, or nobody here can look.
    case unsealed
    /// It is not what busd sealed.
    case broken
    /// This principal gave it, as it is.
    case genuine(giver: Name)
  }

  /// The member that holds it.
  static let member = "~seal"

  private static let domain = Array("bus context 1\0".utf8)

  /// The context without its seal.
  public static func values(of context: JSONObject) -> JSONObject {
    guard context[ContextSeal.member] != nil else { return context }
    return JSONObject(context.members.filter { $0.key != ContextSeal.member })
  }

  /// Seals the context of a job that somebody asks for; a seal that comes along counts for nothing.
  package static func seal(_ job: inout NewJob, givenBy giver: Name, with key: SigningKey) throws(KeyError) {
    guard let context = job.cause.context else { return }
    var values = values(of: context)
    let signature = try key.signature(of: content(values, giver, job.queue, job.worker))
    values[ContextSeal.member] = .string("\(giver) \(Base64.text(of: signature))")
    job.cause.context = values
  }

  /// Looks at the seal of a context that came with a job.
  public static func check(
    _ context: JSONObject?, of queue: QueueName, _ worker: Name, with key: VerifyingKey?
  ) -> Finding {
    guard let context, let key, let seal = context[ContextSeal.member] else { return .unsealed }
    guard case .string(let text) = seal else { return .broken }
    let words = text.split(separator: " ")
    guard words.count == 2, let giver = try? Name(String(words[0]), of: "principal"),
      let signature = Base64.bytes(of: String(words[1])), signature.count == EventSignature.byteCount,
      key.isSignature(signature, of: content(values(of: context), giver, queue, worker))
    else { return .broken }
    return .genuine(giver: giver)
  }

  private static func content(_ values: JSONObject, _ giver: Name, _ queue: QueueName, _ worker: Name) -> [UInt8] {
    var content = domain
    for word in [giver.text, queue.description, worker.text] {
      content.append(contentsOf: word.utf8)
      content.append(0)
    }
    return content + JSONValue.object(values).bytes
  }
}

public import BusProtocol

#if canImport(Glibc)
  @preconcurrency internal import Glibc
#elseif canImport(Musl)
  @preconcurrency internal import Musl
#else
  @preconcurrency internal import Darwin
#endif

/// Whose signatures can be checked: `NAME.verify` of each.
public struct Signers: Hashable, Sendable {
  /// What a look at an event's signature found.
  public enum Finding: Hashable, Sendable {
    /// It has none.
    case unsigned
    /// It says to be signed by somebody whose key is not known.
    case unknown(Name)
    /// It is not what the signer signed.
    case forged(Name)
    /// The signer signed it, as it is.
    case genuine(Name)
  }

  private let keys: [Name: VerifyingKey]

  /// Takes what is known already.
  public init(_ keys: [VerifyingKey] = []) {
    self.keys = Dictionary(keys.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Reads a directory; other files than `*.verify` are passed over. One that cannot be read refuses all.
  public init(reading directory: String) throws(KeyError) {
    var keys: [Name: VerifyingKey] = [:]
    for file in try KeyDirectory.files(in: directory, suffix: ".verify") {
      let key = try VerifyingKey(contentsOf: "\(directory)/\(file)")
      guard key.name != KeyDirectory.local else {
        throw KeyError(
          .ambiguous, "\(directory)/\(file): \(key.name) is who comes over a local socket", help: "make another pair")
      }
      guard keys.updateValue(key, forKey: key.name) == nil else {
        throw KeyError(.ambiguous, "\(key.name) has two keys in \(directory)", help: "remove the older one")
      }
    }
    self.keys = keys
  }

  /// All whose signatures can be checked.
  public var names: Set<Name> { Set(keys.keys) }

  /// Whether there are none.
  public var isEmpty: Bool { keys.isEmpty }

  /// Looks at the signature of an event that was read from a record.
  public func check(_ event: Event) -> Finding {
    guard let signature = event.headers.signature else { return .unsigned }
    guard let key = keys[signature.signer] else { return .unknown(signature.signer) }
    let message = signature.content + Ed25519.digest(of: event.data)
    guard !signature.content.isEmpty, key.isSignature(signature.bytes, of: message) else {
      return .forged(signature.signer)
    }
    return .genuine(signature.signer)
  }

  /// The event, with its signer where the signature is genuine.
  package func verified(_ event: Event) -> Event {
    guard let signature = event.headers.signature, case .genuine = check(event) else { return event }
    var event = event
    event.headers.signature = signature.verified
    return event
  }
}

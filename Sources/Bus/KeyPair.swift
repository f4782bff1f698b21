internal import ZeroMQ

/// A new pair of keys, for `bus keygen`.
package struct KeyPair: Sendable {
  /// The half that others may know.
  package let publicKey: String
  /// The half that nobody may know.
  package let secretKey: String

  /// Makes a pair.
  package static func generate() throws(BusError) -> KeyPair {
    do {
      let keys = try CurveKeys.generate()
      return KeyPair(publicKey: keys.publicKey, secretKey: keys.secretKey)
    } catch { throw BusError(code: "keys", "no keys can be made: \(error.message)", help: "use a libzmq with CURVE") }
  }
}

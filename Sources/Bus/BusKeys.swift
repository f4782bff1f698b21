internal import BusProtocol
internal import ZeroMQ

/// What a client proves itself with, and by what it knows busd: needed for a busd that is reached over the network.
public struct BusKeys: Hashable, Sendable, CustomStringConvertible {
  /// busd's public key.
  let serverKey: String
  private let own: CurveKeys

  /// Reads the client's secret key, `NAME.key`, and busd's public key, `busd.pub`; both are made by `bus keygen`.
  public init(keyFile: String, serverKeyFile: String) throws(BusError) {
    do throws(KeyError) {
      let secret = try KeyFile.read(.secret, at: keyFile)
      serverKey = try KeyFile.read(.public, at: serverKeyFile)
      do throws(ZeroMQError) { own = try CurveKeys(secretKey: secret) } catch {
        throw KeyError(.malformed, "the key in \(keyFile) is none: \(error.message)", help: "make one: bus keygen NAME")
      }
    } catch { throw BusError(code: "configuration", error.message, help: error.help) }
  }

  /// The keys that `BUS_KEY_FILE` and `BUS_SERVER_KEY` name; nil without them.
  init?(environment: [String: String]) throws(BusError) {
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    switch (value("BUS_KEY_FILE"), value("BUS_SERVER_KEY")) {
    case (let keyFile?, let serverKeyFile?): try self.init(keyFile: keyFile, serverKeyFile: serverKeyFile)
    case (nil, nil): return nil
    case (_?, nil):
      throw BusError(
        code: "configuration", "BUS_KEY_FILE is set, but BUS_SERVER_KEY is not",
        help: "set BUS_SERVER_KEY to the path of busd's public key, busd.pub")
    case (nil, _?):
      throw BusError(
        code: "configuration", "BUS_SERVER_KEY is set, but BUS_KEY_FILE is not",
        help: "set BUS_KEY_FILE to the path of this process's own NAME.key")
    }
  }

  /// The public keys.
  public var description: String { "\(own.publicKey) for \(serverKey)" }

  /// The settings of a socket that goes to an endpoint: over a local socket nobody is asked for a key.
  static func options(_ options: SocketOptions, at endpoint: String, _ keys: BusKeys?) -> SocketOptions {
    var options = options.quiet(at: endpoint)
    if let keys, endpoint.hasPrefix("tcp://") {
      options.curve = .client(
        serverKey: keys.serverKey, publicKey: keys.own.publicKey, secretKey: keys.own.secretKey)
    }
    return options
  }

  /// Whether what goes to an endpoint may leave this machine.
  static func isFar(_ endpoint: String) -> Bool {
    guard endpoint.hasPrefix("tcp://") else { return false }
    return !["127.", "localhost:", "[::1]:"].contains { endpoint.dropFirst(6).hasPrefix($0) }
  }
}

internal import BusProtocol
public import BusTopology
internal import ZeroMQ

/// Keys and rules as they were read: what busd knows of who may come in and who may do what.
public struct AccessSettings: Sendable {
  /// Who may do what.
  let permissions: Permissions
  /// Who has which public key.
  let keys: KeyDirectory
  /// busd's own pair; nil where nobody comes in with a key.
  let own: CurveKeys?

  /// Reads the files that a topology's section names; nil for none.
  public init(reading access: AccessDefinition?) throws(BrokerError) {
    do throws(KeyError) {
      keys =
        try access?.keyDirectoryPath.map { path throws(KeyError) in try KeyDirectory(reading: path) } ?? KeyDirectory()
      let secret = try access?.keyFilePath.map { path throws(KeyError) in try KeyFile.read(.secret, at: path) }
      own = try secret.map { text throws(KeyError) in
        do throws(ZeroMQError) { return try CurveKeys(secretKey: text) } catch {
          throw KeyError(.malformed, "busd's key is none: \(error.message)", help: "make a pair with bus keygen busd")
        }
      }
    } catch { throw BrokerError(.configuration, error.message, help: error.help) }
    permissions = Permissions(access, keys: keys.names)
  }
}

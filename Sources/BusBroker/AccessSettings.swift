internal import BusProtocol
internal import BusSigning
public import BusTopology
internal import ZeroMQ

/// Keys and rules as they were read: what busd knows of who may come in and who may do what.
public struct AccessSettings: Sendable {
  /// Who may do what.
  let permissions: Permissions
  /// Who has which public key.
  let keys: KeyDirectory
  /// Whose signatures are known.
  let signers: Signers
  /// Whose processes may come over socket files.
  let peers: LocalPeers
  /// What busd seals the contexts of jobs with; nil where it seals none.
  let sealer: SigningKey?
  /// busd's own pair; nil where nobody comes in with a key.
  let own: CurveKeys?

  /// Reads the files that a topology's section names; nil for none.
  public init(reading access: AccessDefinition?) throws(BrokerError) {
    do throws(KeyError) {
      keys =
        try access?.keyDirectoryPath.map { path throws(KeyError) in try KeyDirectory(reading: path) } ?? KeyDirectory()
      signers = try access?.signerDirectoryPath.map { path throws(KeyError) in try Signers(reading: path) } ?? Signers()
      sealer = try access?.sealFilePath.map { path throws(KeyError) in try SigningKey(contentsOf: path) }
      let secret = try access?.keyFilePath.map { path throws(KeyError) in try KeyFile.read(.secret, at: path) }
      own = try secret.map { text throws(KeyError) in
        do throws(ZeroMQError) { return try CurveKeys(secretKey: text) } catch {
          throw KeyError(.malformed, "busd's key is none: \(error.message)", help: "make a pair with bus keygen busd")
        }
      }
    } catch { throw BrokerError(.configuration, error.message, help: error.help) }
    peers = try LocalPeers(access?.peers ?? PeerDefinition())
    permissions = Permissions(access, keys: keys.names)
  }

  /// A principal under these.
  func guarded(_ principal: Name) -> Guarded {
    Guarded(principal: principal, permissions: permissions, signers: signers)
  }
}

internal import ArgumentParser
internal import Bus
internal import BusProtocol
internal import BusSigning

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// `bus keygen`: a pair of keys.
struct KeygenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keygen", abstract: "Make a pair of keys for busd or for one who comes in.",
    usage: "bus keygen [<options>] <name>",
    discussion: """
      Writes NAME.key, the secret half, for its owner alone, and NAME.pub, which \
      others may have; prints the public half. Files that are there stay. With \
      --signing the pair is one that signs events: NAME.sign and NAME.verify.

      EXAMPLES  bus keygen account --directory /etc/bus
                bus keygen account --signing --directory /etc/bus
      """)

  @Argument(help: "Whose pair: the name that the rules of the topology know it by.")
  var name: String

  @Flag(help: "A pair that signs events.")
  var signing = false

  @Option(help: ArgumentHelp("Where the two files go.", valueName: "directory"))
  var directory = "."

  @Flag(help: "One JSON object.")
  var json = false

  func run() throws {
    let name = try checkedName()
    let pair = try signing ? signingPair(name) : curvePair(name)
    if !FileManager.default.fileExists(atPath: directory) {
      do { try PrivateDirectory.make(directory) } catch {
        throw CommandError(.configuration, error.message, where: directory, help: error.help)
      }
    }
    do throws(KeyError) { try pair.create() } catch {
      throw CommandError(.configuration, error.message, where: directory, help: error.help)
    }
    if json {
      try Output.write(
        json: [
          "name": .string(name.text), "public": .string(pair.publicKey), "key": .string(pair.secret),
          "pub": .string(pair.open),
        ])
    } else {
      Output.say("\(pair.secret) is secret; \(pair.open) may be known")
      try Output.write(pair.line)
    }
  }

  /// The two files of a pair that was made.
  private struct Made {
    let secret: String
    let open: String
    let publicKey: String
    /// What stands in the public file.
    let line: String
    let createSecret: (String) throws(KeyError) -> Void
    let createOpen: (String) throws(KeyError) -> Void

    func create() throws(KeyError) {
      try createSecret(secret)
      do throws(KeyError) { try createOpen(open) } catch {
        KeyFile.remove(at: secret)
        throw error
      }
    }
  }

  private func curvePair(_ name: Name) throws -> Made {
    let pair: KeyPair
    do { pair = try KeyPair.generate() } catch {
      throw CommandError(.system, error.message, where: "libzmq", help: error.help ?? "install libzmq with CURVE")
    }
    return Made(
      secret: "\(directory)/\(name).key", open: "\(directory)/\(name).pub", publicKey: pair.publicKey,
      line: "\(KeyFile.Half.public.rawValue) \(pair.publicKey)\n",
      createSecret: { path throws(KeyError) in try KeyFile.create(.secret, key: pair.secretKey, at: path) },
      createOpen: { path throws(KeyError) in try KeyFile.create(.public, key: pair.publicKey, at: path) })
  }

  private func signingPair(_ name: Name) throws -> Made {
    let key: SigningKey
    do throws(KeyError) { key = try SigningKey.generate(for: name) } catch {
      throw CommandError(.system, error.message, where: "bus", help: error.help)
    }
    return Made(
      secret: "\(directory)/\(name).sign", open: "\(directory)/\(name).verify", publicKey: key.verifyingKey.text,
      line: key.verifyingKey.line,
      createSecret: { path throws(KeyError) in try key.create(at: path) },
      createOpen: { path throws(KeyError) in try key.verifyingKey.create(at: path) })
  }

  private func checkedName() throws -> Name {
    do throws(ProtocolError) {
      let name = try Name(name, of: "principal")
      if name != KeyDirectory.local { return name }
    } catch { throw ValidationError(error.message) }
    throw ValidationError("'\(name)' is who comes over a local socket, without a key")
  }
}

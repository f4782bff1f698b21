internal import ArgumentParser
internal import Bus
internal import BusProtocol

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
      others may have; prints the public half. Files that are there stay.

      EXAMPLE  bus keygen account --directory /etc/bus
      """)

  @Argument(help: "Whose pair: the name that the rules of the topology know it by.")
  var name: String

  @Option(help: ArgumentHelp("Where the two files go.", valueName: "directory"))
  var directory = "."

  @Flag(help: "One JSON object.")
  var json = false

  func run() throws {
    let name = try checkedName()
    let (secret, open) = ("\(directory)/\(name).key", "\(directory)/\(name).pub")
    let pair: KeyPair
    do { pair = try KeyPair.generate() } catch {
      throw CommandError(.system, error.message, where: "libzmq", help: error.help ?? "install libzmq with CURVE")
    }
    if !FileManager.default.fileExists(atPath: directory) {
      do { try PrivateDirectory.make(directory) } catch {
        throw CommandError(.configuration, error.message, where: directory, help: error.help)
      }
    }
    do throws(KeyError) {
      try KeyFile.create(.secret, key: pair.secretKey, at: secret)
      do throws(KeyError) { try KeyFile.create(.public, key: pair.publicKey, at: open) } catch {
        KeyFile.remove(at: secret)
        throw error
      }
    } catch {
      throw CommandError(.configuration, error.message, where: directory, help: error.help)
    }
    if json {
      try Output.write(
        json: [
          "name": .string(name.text), "public": .string(pair.publicKey), "key": .string(secret), "pub": .string(open),
        ])
    } else {
      Output.say("\(secret) is secret; \(open) may be known")
      try Output.write("\(KeyFile.Half.public.rawValue) \(pair.publicKey)\n")
    }
  }

  private func checkedName() throws -> Name {
    do throws(ProtocolError) {
      let name = try Name(name, of: "principal")
      if name != KeyDirectory.local { return name }
    } catch { throw ValidationError(error.message) }
    throw ValidationError("'\(name)' is who comes over a local socket, without a key")
  }
}

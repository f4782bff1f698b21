/// A reader of bytes from outside: it may refuse any of them, and must keep a few promises about those that it takes.
package struct FuzzTarget: Sendable {
  /// What it is called on the command line, and its corpus with it.
  package let name: String
  /// Inputs that are accepted, written by the encoders: where mutation begins.
  package let seeds: @Sendable () throws -> [[UInt8]]
  private let read: @Sendable ([UInt8]) throws -> Void
  private let maximumErrorByteCount: Int

  /// A target; who sends its inputs must not choose how long an error becomes.
  init(
    _ name: String, maximumErrorByteCount: Int = 2000, seeds: @escaping @Sendable () throws -> [[UInt8]],
    read: @escaping @Sendable ([UInt8]) throws -> Void
  ) {
    self.name = name
    self.maximumErrorByteCount = maximumErrorByteCount
    self.seeds = seeds
    self.read = read
  }

  /// Whether the bytes were taken.
  package func accepts(_ bytes: [UInt8]) throws(Breach) -> Bool {
    do {
      try read(bytes)
      return true
    } catch let breach as Breach {
      throw breach
    } catch {
      let byteCount = "\(error)".utf8.count
      guard byteCount <= maximumErrorByteCount else {
        throw Breach("an error has \(byteCount) bytes")
      }
      return false
    }
  }

  /// All of them.
  package static let all =
    recordTargets + messageTargets + jsonTargets + jobTargets + filterTargets + textTargets + scheduleTargets
    + keyTargets + signingTargets + spoolTargets + [topology]

  /// The one of a name.
  package static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// A promise that a reader did not keep.
package struct Breach: Error, CustomStringConvertible {
  /// Which one.
  package let what: String

  init(_ what: String) { self.what = what }

  /// The promise.
  package var description: String { what }
}

/// Refusals are thrown by the readers; this throws where they promise too much.
func require(_ condition: Bool, _ what: @autoclosure () -> String) throws(Breach) {
  if !condition { throw Breach(what()) }
}

/// What was accepted once has to be read again from what was written of it, as the same.
func comesBack<Value: Equatable>(_ value: Value, as what: String, _ again: () throws -> Value) throws(Breach) {
  let second: Value
  do { second = try again() } catch { throw Breach("\(what) cannot be read again: \(error)") }
  try require(second == value, "\(what) changes on its way")
}

/// What must not be refused here any more.
func succeed<Value>(_ what: String, _ body: () throws -> Value) throws(Breach) -> Value {
  do { return try body() } catch { throw Breach("\(what): \(error)") }
}

/// Reads nothing: nil becomes a refusal.
func required<Value>(_ value: Value?) throws -> Value {
  guard let value else { throw Refused() }
  return value
}

/// What a target refuses itself.
struct Refused: Error {}

extension String {
  init(fuzz bytes: some Collection<UInt8>) { self.init(decoding: bytes, as: UTF8.self) }
}

extension [UInt8] {
  /// The parts before and behind the first zero byte.
  var halves: (ArraySlice<UInt8>, ArraySlice<UInt8>) {
    guard let zero = firstIndex(of: 0) else { return (self[...], []) }
    return (self[..<zero], self[(zero + 1)...])
  }
}

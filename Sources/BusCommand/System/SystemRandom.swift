/// The system's source of chance, asked for where ids are made.
enum SystemRandom {
  static func word() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }
}

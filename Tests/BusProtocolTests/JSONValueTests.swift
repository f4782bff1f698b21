import BusProtocol
import Testing

struct JSONValueTests {
  @Test func `the writer is compact and escapes what it must`() {
    let value: JSONValue = ["a": 1, "b": [true, nil, 1.5, "x\"\\/\n\r\t\u{0}\u{1F}\u{7F}é😀"], "": [:]]
    #expect(value.text == #"{"a":1,"b":[true,null,1.5,"x\"\\/\n\r\t\u0000\u001f"# + "\u{7F}é😀\"],\"\":{}}")
  }

  @Test func `numbers are written whole or shortest`() {
    #expect(JSONValue.integer(.min).text == "-9223372036854775808")
    #expect(JSONValue.integer(.max).text == "9223372036854775807")
    #expect(JSONValue.integer(0).text == "0")
    #expect(JSONValue.integer(-10).text == "-10")
    #expect(JSONValue.unsigned(.max).text == "18446744073709551615")
    #expect(JSONValue.double(0.1).text == "0.1")
    #expect(JSONValue.double(1e100).text == "1e+100")
    #expect(JSONValue.double(.infinity).text == "null")
    #expect(JSONValue(Double.nan) == .null)
  }

  @Test func `types are kept apart`() {
    #expect(Int(jsonValue: "42") == nil)
    #expect(Int(jsonValue: 42) == 42)
    #expect(Int(jsonValue: .double(42)) == nil)
    #expect(Int32(jsonValue: .integer(1 << 40)) == nil)
    #expect(UInt64(jsonValue: -1) == nil)
    #expect(UInt64(jsonValue: .unsigned(.max)) == .max)
    #expect(Int64(jsonValue: .unsigned(1 << 63)) == nil)
    #expect(String(jsonValue: 42) == nil)
    #expect(Bool(jsonValue: 1) == nil)
    #expect(Double(jsonValue: 2) == 2)
    #expect(Double(jsonValue: "2") == nil)
    #expect(UInt64.max.jsonValue == .unsigned(.max))
    #expect(UInt64(5).jsonValue == .integer(5))
  }

  @Test func `of equal names the last one counts, and order is kept`() throws {
    let value = try parse(#"{"a":1,"b":2,"a":3}"#)
    #expect(value["a"] == 3)
    #expect(value["c"] == nil)
    var object: JSONObject = ["x": 1, "y": 2]
    object["x"] = nil
    object["z"] = 3
    object["y"] = 4
    #expect(JSONValue.object(object).text == #"{"y":4,"z":3}"#)
    #expect((1 as JSONValue)["x"] == nil)
  }

  @Test func `members are refused with their name and what was expected`() throws {
    let members = JSONMembers(["n": "x", "u": .unsigned(1 << 63), "z": nil, "o": [1], "l": ["a": 1]], of: "thing")
    func message<T>(_ body: () throws(ProtocolError) -> T) -> String? {
      do { _ = try body() } catch { return error.message }
      return nil
    }
    #expect(
      message { () throws(ProtocolError) in try members.read("n", as: Int.self) }
        == #"thing has "n": "x", expected a whole number within range"#)
    #expect(message { () throws(ProtocolError) in try members.string("q") } == #"thing lacks "q""#)
    #expect(message { () throws(ProtocolError) in try members.string("z") } == #"thing lacks "z""#)
    #expect(
      message { () throws(ProtocolError) in try members.string("l") } == #"thing has "l": an object, expected text"#)
    #expect(message { () throws(ProtocolError) in try members.object("o") } == #"thing has a "o" that is no object"#)
    #expect(message { () throws(ProtocolError) in try members.list("l") { $0 } } == #"thing has a "l" that is no list"#)
    #expect(message { () throws(ProtocolError) in try members.offset("u") } != nil)
    #expect(try members.read("u", as: UInt64.self) == 1 << 63)
    #expect(try members.optional("z", as: Int.self) == nil)
    #expect(try members.list("z") { $0 } == [])
    #expect(members.optionalValue("z") == nil)
    #expect(throws: ProtocolError.self) { try members.optional("n", as: Int.self) }
    #expect(throws: ProtocolError.self) { try (1 as JSONValue).members("it") }
  }

  @Test func `a text is escaped where it has to be, wherever that stands in it`() throws {
    for count in 1...20 {
      for place in 0..<count {
        for byte in 0..<128 as Range<UInt8> {
          var characters = [UInt8](repeating: 97, count: count)
          characters[place] = byte
          let text = String(decoding: characters, as: UTF8.self)
          let bytes = JSONValue.string(text).bytes
          #expect(try JSONParser.parse(bytes) == .string(text))
          let isPlain = byte >= 32 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
          #expect((bytes.count == count + 2) == isPlain, "\(byte) at \(place) of \(count)")
        }
      }
    }
    for text in ["ä\"ääääääääää", "ääääääääääää\n", "日本語日本語", "日本語日本語\\"] {
      #expect(try JSONParser.parse(JSONValue.string(text).bytes) == .string(text))
    }
  }
}

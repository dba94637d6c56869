import Testing
import Text

@Suite struct HexadecimalTests {
  @Test func zerosInFrontAreWritten() {
    #expect([0, 10, 255].map { (byte: UInt8) in byte.hexadecimal } == ["00", "0a", "ff"])
    #expect(UInt32(0x801).hexadecimal == "00000801")
    #expect(UInt64.max.hexadecimal == String(repeating: "f", count: 16))
    #expect(([0, 1, 254] as [UInt8]).hexadecimal == "0001fe")
  }
}

import Foundation

extension Dice {
  /// A few bytes changed, a piece left out or doubled, or the end cut off.
  mutating func mutated(_ data: Data) -> Data {
    guard !data.isEmpty else { return data }
    var bytes = [UInt8](data)
    for _ in 0..<integer(1...3) where !bytes.isEmpty {
      // Headers stand at the ends.
      let nearEnd = min(bytes.count, 96)
      let place =
        switch integer(0...2) {
        case 0: integer(0...nearEnd - 1)
        case 1: bytes.count - integer(1...nearEnd)
        default: integer(0...bytes.count - 1)
        }
      switch integer(0...5) {
      case 0: bytes[place] = UInt8(integer(0...255))
      case 1: bytes[place] ^= 1 << UInt8(integer(0...7))
      case 2: bytes[place] = pick([0, 0xff, 0x7f, 0x80])
      case 3: bytes.removeSubrange(place..<min(bytes.count, place + integer(1...8)))
      case 4: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + integer(1...8))], at: place)
      default:
        let width = min(pick([2, 4, 8]), bytes.count - place)
        for offset in 0..<width { bytes[place + offset] = offset == width - 1 ? pick([0x7f, 0xff, 0]) : 0xff }
      }
    }
    if !bytes.isEmpty, chance(0.1) { bytes.removeLast(integer(0...bytes.count - 1)) }
    return Data(bytes)
  }
}

import Foundation

/// A tar archive, its headers' numbers sometimes others than what is there.
struct TarFileMaker {
  private(set) var data = Data()

  func adding(_ name: String, _ content: Data, _ dice: inout Dice) -> TarFileMaker {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ place: Int) { header.replaceSubrange(place..<place + text.utf8.count, with: text.utf8) }
    let path = dice.chance(0.02) ? dice.oddName(name) : "folder/\(name)"
    put(String(decoding: Array(path.utf8).prefix(60), as: UTF8.self), 0)
    let size = dice.chance(0.02) ? dice.extremeInteger() : content.count
    put(String(String(UInt64(bitPattern: Int64(size)), radix: 8).suffix(11)), 124)
    put(dice.chance(0.02) ? dice.pick(["1", "2", "5", "L", "x"]) : "0", 156)
    put("        ", 148)
    put(String(header.reduce(0) { $0 + Int($1) } + (dice.chance(0.01) ? 1 : 0), radix: 8), 148)
    var archive = self
    archive.data += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    return archive
  }
}

import Checkpoints
import Digests
import Foundation
import JSON
import Text

/// What several processes measure of one model, for one that puts it together: `definition.json`, which says everything that decides
/// the numbers, and a file for each part.
///
/// A part is there whole or not at all. Whoever measures it again, after it was killed or beside another, replaces it by its equal.
package struct PartFolder: Sendable {
  package let url: URL
  /// Of the definition.
  private let digest: String
  private let machine: String

  /// Writes the definition into a new folder; in an old one, checks that it is the same.
  /// - Throws: `PartError.otherDefinition`, naming every difference; what reading and writing throw.
  init(_ place: PartPlace, task: String, model: String, kind: String, definition: some Encodable) throws {
    for name in [task, model, kind] where !ResultValidation.isIdentifier(name) {
      throw PartError.noName(name)
    }
    url = [task, model, kind].reduce(place.root) { $0.appendingPathComponent($1) }
    machine = place.machine
    let file = url.appendingPathComponent("definition.json")
    let document = try JSONEncoding.encode(definition)
    digest = SHA256.hash(data: document).hexadecimal
    if !FileManager.default.fileExists(atPath: file.path) {
      try Folder.make(url)
      try AtomicFile.write(document, to: file.path)
    }
    // Also what was just written: another process may have come in between.
    let present = try Data(contentsOf: file)
    guard present != document else { return }
    throw PartError.otherDefinition(
      folder: url.path,
      differences: JSONDifference.lines(
        from: try JSONDecoding.parse(present, source: file.path),
        to: try JSONDecoding.parse(document, source: file.path)))
  }

  /// For another module's parts.
  package static func make(
    _ place: PartPlace, task: String, model: String, kind: String, definition: some Encodable
  ) throws -> PartFolder {
    try PartFolder(place, task: task, model: model, kind: kind, definition: definition)
  }

  /// Of the images in a range, in the order of names.
  package static func name(_ kind: String, _ range: Range<Int>) -> String {
    func digits(_ number: Int) -> String { String(repeating: "0", count: max(0, 7 - "\(number)".count)) + "\(number)" }
    return "\(kind)-\(digits(range.lowerBound))-\(digits(range.upperBound - 1))"
  }

  package func file(_ name: String) -> URL { url.appendingPathComponent("\(name).safetensors") }

  /// - Parameter machines: is told on which machine the part was measured.
  /// - Returns: nil where it is not there or damaged.
  /// - Throws: `PartError.otherPart` for one of another definition.
  package func read(_ name: String, rows: Int, machines: inout Set<String>) throws(PartError) -> Part? {
    guard let (part, metadata) = Part.read(file(name), rows: rows) else { return nil }
    guard metadata[Self.definitionKey] == digest else { throw .otherPart(file: file(name).path) }
    if let machine = metadata[Self.machineKey] { machines.insert(machine) }
    return part
  }

  package func read(_ name: String, rows: Int) throws(PartError) -> Part? {
    var machines: Set<String> = []
    return try read(name, rows: rows, machines: &machines)
  }

  package func write(_ part: Part, as name: String) throws {
    let data = try part.encoded([Self.definitionKey: digest, Self.machineKey: machine])
    try AtomicFile.write(data, to: file(name).path)
  }

  private static let definitionKey = "definition"
  private static let machineKey = "machine"
}

/// Where parts are kept, and on which kind of machine this process makes them.
package struct PartPlace: Sendable {
  package let root: URL
  /// What decides how numbers are rounded.
  package let machine: String

  package init(root: URL, machine: String) { (self.root, self.machine) = (root, machine) }
}

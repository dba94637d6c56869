import Checkpoints
import Foundation
import JSON
import _Fixtures

/// State dicts of guided-diffusion and improved-diffusion, as `--score guided-diffusion=FILE`: names and shapes tell what is built.
enum GuidedInput: InputKind {
  static let id = "guided-diffusion"
  private static let file = "model.pt"
  /// Without the one of the published size, which takes a tenth of a second.
  private static let fixtures = ["guided", "plain"].compactMap { try? GuidedFixture($0) }

  static func files(_ dice: inout Dice) -> [InputFile] {
    let fixture = dice.pick(fixtures)
    var network = MadeNetwork()
    for tensor in fixture.tensors { network.add(tensor) }
    for _ in 0..<dice.pick([0, 0, 0, 1, 1, 2]) {
      if dice.chance(0.7) { network.mutate(&dice) } else { network.mutatePlaces(&dice) }
    }
    var data = CheckpointInput.encoded(network, &dice)
    if dice.chance(0.05) { data = dice.mutated(data) }
    let description = JSONValue.object([
      JSONMember(key: "id", value: .string("made")), JSONMember(key: "name", value: .string("made")),
      JSONMember(key: "architecture", value: fixture.told ?? .null),
    ])
    return [
      InputFile(file, data), ReferenceExercise.imageFile(fixture.imageShape.dimensions),
      InputFile(file + ".json", JSONText.text(dice.mutated(description, count: dice.pick([0, 0, 0, 1, 2])))),
    ]
  }

  static func run(_ folder: URL, _ progress: inout Progress) throws {
    let path = folder.appendingPathComponent(file).path
    _ = try CheckpointReader.stateDict(of: CheckpointFile.open(path))
    progress = .parsed
    try ReferenceExercise.score(id, path, image: ReferenceExercise.image(in: folder), &progress)
  }
}

extension MadeNetwork {
  mutating func add(_ tensor: TensorToWrite) {
    let floats = tensor.data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    tensors.append(MadeTensor(tensor.name, tensor.shape, floats, storage: tensors.count))
  }

  /// A whole module left out, moved or doubled.
  fileprivate mutating func mutatePlaces(_ dice: inout Dice) {
    guard !tensors.isEmpty else { return }
    let parts = dice.pick(tensors).name.split(separator: ".")
    let place = parts.prefix(dice.integer(1...max(1, parts.count - 1))).joined(separator: ".") + "."
    let other = dice.pick([dice.pick(tensors).name + ".", place.replacing("1", with: "7"), "output_blocks.1.1."])
    switch dice.integer(0...2) {
    case 0: tensors.removeAll { $0.name.hasPrefix(place) }
    case 1:
      for index in tensors.indices where tensors[index].name.hasPrefix(place) {
        tensors[index].name = other + tensors[index].name.dropFirst(place.count)
      }
    default:
      tensors += tensors.filter { $0.name.hasPrefix(place) }.map { tensor in
        var copy = tensor
        copy.name = other + tensor.name.dropFirst(place.count)
        return copy
      }
    }
  }
}

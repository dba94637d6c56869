import BenchCore
import Checkpoints
import Foundation
import Synchronization
import Tensor
import Testing

@testable import Plugins

/// What learned references computed is found again, and only what belongs to the same checkpoint, description and images.
@Suite struct ReferenceCacheTests {
  /// Counts how often it is asked.
  private final class Counted: Manifold, Score {
    let id = "counted"
    let dimension = 2
    let learned: LearnedReference? = nil
    let calls = Mutex(0)

    func tangentBasis(at images: Tensor) -> TangentBasis {
      calls.withLock { $0 += 1 }
      let basis = Tensor(shape: [2, 4], scalars: [1, 0, 0, 0, 0, 1, 0, 0])
      return TangentBasis(
        bases: [basis, Tensor(shape: [0, 4], scalars: [])], assignment: (0..<images.batch).map { $0 % 2 })
    }

    func score(at images: Tensor, noise: Double) -> Tensor {
      calls.withLock { $0 += 1 }
      return Tensor(shape: images.shape, scalars: images.scalars.map { -$0 * Float(noise) })
    }
  }

  private struct Place {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    let counted = Counted()
    let images = Tensor(shape: [3, 1, 2, 2], scalars: (0..<12).map { Float($0) })

    func checkpoint(_ value: Float = 1) throws -> CheckpointFile {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let path = folder.appendingPathComponent("\(value).pt").path
      try PyTorchZipWriter.write([TensorToWrite(name: "w", shape: [1], floats: [value])], to: path)
      return try CheckpointFile.open(path)
    }

    func description(_ name: String) throws -> ModelDescription {
      try JSONDecoder().decode(
        ModelDescription.self, from: Data(#"{"id": "a", "name": "\#(name)", "checkpoint": {"file": "a.pt"}}"#.utf8))
    }

    var cache: URL { folder.appendingPathComponent("cache") }
    var files: [URL] {
      get throws { try FileManager.default.contentsOfDirectory(at: cache, includingPropertiesForKeys: nil) }
    }

    func manifold(_ value: Float = 1, _ name: String = "A") throws -> CachedManifold {
      try CachedManifold(
        counted, in: ReferenceCache(directory: cache, checkpoint: checkpoint(value), description: description(name)))
    }
    func remove() { try? FileManager.default.removeItem(at: folder) }
  }

  @Test func tangentSpacesAreComputedOnce() throws {
    let place = Place()
    defer { place.remove() }
    let first = try place.manifold().tangentBasis(at: place.images)
    let second = try place.manifold().tangentBasis(at: place.images)
    #expect(place.counted.calls.withLock { $0 } == 1)
    #expect(first.assignment == second.assignment && first.bases == second.bases)
    _ = try place.manifold().tangentBasis(at: place.images[batch: 0..<2])
    _ = try place.manifold(2).tangentBasis(at: place.images)
    _ = try place.manifold(1, "B").tangentBasis(at: place.images)
    #expect(place.counted.calls.withLock { $0 } == 4)
  }

  @Test func scoresAreKeptByNoiseLevel() throws {
    let place = Place()
    defer { place.remove() }
    for _ in 0..<2 {
      for noise in [0.5, 1] {
        let cache = try ReferenceCache(directory: place.cache, checkpoint: place.checkpoint(), description: nil)
        let score = CachedScore(place.counted, in: cache)
        #expect(try score.score(at: place.images, noise: noise) == place.counted.score(at: place.images, noise: noise))
      }
    }
    #expect(place.counted.calls.withLock { $0 } == 4 + 2)
  }

  @Test func damageAndForeignFilesAreComputedAgain() throws {
    let place = Place()
    defer { place.remove() }
    let expected = try place.manifold().tangentBasis(at: place.images).bases
    let file = try #require(place.files.first)
    let sound = try Data(contentsOf: file)
    var flipped = sound
    flipped[flipped.count - 3] ^= 0x40
    for bytes in [Data(), sound.prefix(sound.count - 4), flipped, Data("not a tensor".utf8)] {
      try bytes.write(to: file)
      #expect(try place.manifold().tangentBasis(at: place.images).bases == expected)
      #expect(try Data(contentsOf: file) == sound)
    }
    #expect(place.counted.calls.withLock { $0 } == 5)
  }

  @Test func aFolderThatCannotBeWrittenIsNoError() throws {
    let place = Place()
    defer { place.remove() }
    let blocked = place.folder.appendingPathComponent("file")
    let checkpoint = try place.checkpoint()
    try Data().write(to: blocked)
    let cache = try ReferenceCache(directory: blocked, checkpoint: checkpoint, description: nil)
    let manifold = CachedManifold(place.counted, in: cache)
    #expect(try manifold.tangentBasis(at: place.images).bases.count == 2)
  }
}

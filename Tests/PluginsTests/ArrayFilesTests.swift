import BenchCore
import Checkpoints
import Foundation
import Synchronization
import Tensor
import Testing
import _Fixtures

@testable import Plugins

/// What references computed is found again, and only what belongs to the same reference, images and noise level.
@Suite struct ArrayFilesTests {
  /// Counts how often it is asked.
  private final class Counted: Sendable {
    let id = "counted"
    let dimension = 2
    let fingerprint: String?
    let calls: Mutex<Int>

    init(_ fingerprint: String?, calls: Int = 0) {
      self.fingerprint = fingerprint
      self.calls = Mutex(calls)
    }

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

  /// The protocols' own way to keep what such a reference says.
  private struct CountedManifold: Manifold {
    let base: Counted
    var id: String { base.id }
    var dimension: Int { base.dimension }
    var fingerprint: String? { base.fingerprint }
    func tangentBasis(at images: Tensor) -> TangentBasis { base.tangentBasis(at: images) }
  }

  private struct CountedScore: Score {
    let base: Counted
    var id: String { base.id }
    var fingerprint: String? { base.fingerprint }
    func score(at images: Tensor, noise: Double) -> Tensor { base.score(at: images, noise: noise) }
  }

  private let images = Tensor(shape: [3, 1, 2, 2], scalars: (0..<12).map { Float($0) })

  /// As another process would look at the folder.
  private func shared(_ directory: URL, version: String = "1") -> SharedArrays {
    SharedArrays(archive: ArrayFiles(directory: directory, toolVersion: version))
  }

  private func files(_ directory: URL) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
  }

  @Test func tangentSpacesAreComputedOnce() throws {
    let folder = try TemporaryDirectory()
    let (one, other, nameless) = (Counted("a"), Counted("b"), Counted(nil))
    func basis(_ counted: Counted, at images: Tensor, version: String = "1") throws -> TangentBasis {
      try CountedManifold(base: counted).sharing(shared(folder.url, version: version)).tangentBasis(at: images)
    }
    let first = try basis(one, at: images)
    let second = try basis(one, at: images)
    #expect(one.calls.withLock { $0 } == 1)
    #expect(first.assignment == second.assignment && first.bases == second.bases)
    _ = try basis(one, at: images[batch: 0..<2])
    _ = try basis(one, at: images, version: "2")
    #expect(one.calls.withLock { $0 } == 3)
    _ = try basis(other, at: images)
    #expect(other.calls.withLock { $0 } == 1)
    for _ in 0..<2 { _ = try basis(nameless, at: images) }
    #expect(nameless.calls.withLock { $0 } == 2)
    #expect(try files(folder.url).count == 4)
  }

  @Test func scoresAreKeptByNoiseLevel() throws {
    let folder = try TemporaryDirectory()
    let counted = Counted("a")
    for _ in 0..<2 {
      for noise in [0.5, 1] {
        let score = CountedScore(base: counted).sharing(shared(folder.url))
        #expect(
          try score.score(at: images, noise: noise).scalars == images.scalars.map { -$0 * Float(noise) })
      }
    }
    #expect(counted.calls.withLock { $0 } == 2)
  }

  @Test func damageAndForeignFilesAreComputedAgain() throws {
    let folder = try TemporaryDirectory()
    let counted = Counted("a")
    func bases() throws -> [Tensor] {
      try CountedManifold(base: counted).sharing(shared(folder.url)).tangentBasis(at: images).bases
    }
    let expected = try bases()
    let file = try #require(try files(folder.url).first)
    let sound = try Data(contentsOf: file)
    var flipped = sound
    flipped[flipped.count - 3] ^= 0x40
    // Sound in itself, but of other images.
    _ = try CountedManifold(base: counted).sharing(shared(folder.url)).tangentBasis(at: images[batch: 0..<1])
    let foreign = try Data(contentsOf: #require(try files(folder.url).first { $0 != file }))
    for bytes in [Data(), sound.prefix(sound.count - 4), sound.prefix(5), flipped, foreign, Data("not a tensor".utf8)] {
      try bytes.write(to: file)
      #expect(try bases() == expected)
      #expect(try Data(contentsOf: file) == sound)
    }
    #expect(counted.calls.withLock { $0 } == 8)
  }

  /// The key is right, and so is the digest: a file of another making, or of a hand that means ill.
  @Test func wrongShapesAreComputedAgain() throws {
    let folder = try TemporaryDirectory()
    let written = Mutex<[ArrayKey]>([])
    let files = ArrayFiles(directory: folder.url, toolVersion: "1")
    let spy = SpyArchive(base: files) { key in written.withLock { $0.append(key) } }
    let counted = Counted("a")
    let expected = try CountedManifold(base: counted).sharing(SharedArrays(archive: spy)).tangentBasis(at: images)
    let key = try #require(written.withLock { $0.first })
    let basis = KeptArray.floats(expected.bases[0])
    func assignment(_ values: [Double]) -> KeptArray {
      .doubles(Matrix(rows: 1, columns: values.count, scalars: values))
    }
    for wrong in [
      [], [basis], [basis, assignment([0, 0])], [basis, assignment([0, 1, 0])], [basis, assignment([0, 0.5, 0])],
      [basis, assignment([0, .nan, 0])], [.floats(images), assignment([0, 0, 0])], [assignment([0, 0, 0]), basis],
      [.floats(Tensor(shape: [1, 3], scalars: [1, 0, 0])), assignment([0, 0, 0])],
    ] {
      files.write(wrong, for: key)
      let basis = try CountedManifold(base: counted).sharing(shared(folder.url)).tangentBasis(at: images)
      #expect(basis.bases == expected.bases && basis.assignment == expected.assignment)
    }
    #expect(counted.calls.withLock { $0 } == 10)
  }

  @Test func everyBitIsKept() throws {
    let folder = try TemporaryDirectory()
    let files = ArrayFiles(directory: folder.url, toolVersion: "1")
    let key = ArrayKey(kind: "bits", digest: "0")
    let floats = Tensor(
      shape: [5], scalars: [-0.0, .leastNonzeroMagnitude, .infinity, .greatestFiniteMagnitude, 1 / 3])
    let doubles = Matrix(rows: 2, columns: 2, scalars: [-0.0, 1 / 3, .leastNonzeroMagnitude, -.infinity])
    files.write([.floats(floats), .doubles(doubles)], for: key)
    let read = try #require(files.read(key))
    #expect(read[0].floats?.scalars.map(\.bitPattern) == floats.scalars.map(\.bitPattern))
    #expect(read[1].doubles?.scalars.map(\.bitPattern) == doubles.scalars.map(\.bitPattern))
    #expect(files.read(ArrayKey(kind: "bits", digest: "1")) == nil)
  }

  @Test func aFolderThatCannotBeWrittenIsNoError() throws {
    let folder = try TemporaryDirectory()
    try folder.write([], "file")
    let blocked = folder.url.appendingPathComponent("file")
    let manifold = CountedManifold(base: Counted("a")).sharing(shared(blocked))
    #expect(try manifold.tangentBasis(at: images).bases.count == 2)
  }

  @Test func writersAtTheSameTimeLeaveASoundFile() throws {
    let folder = try TemporaryDirectory()
    let files = ArrayFiles(directory: folder.url, toolVersion: "1")
    let key = ArrayKey(kind: "race", digest: "0")
    let numbers = [KeptArray.floats(Tensor(shape: [1 << 14], repeating: 0.5))]
    try Workers.forEachBlock(of: 64, blockSize: 1, threads: 4) { _, _ in
      files.write(numbers, for: key)
      #expect(files.read(key) == numbers)
    }
    #expect(try self.files(folder.url).count == 1)
  }
}

/// Tells what is written to an archive.
struct SpyArchive: ArrayArchive {
  let base: any ArrayArchive
  let onWrite: @Sendable (ArrayKey) -> Void

  func read(_ key: ArrayKey) -> [KeptArray]? { base.read(key) }

  func write(_ numbers: [KeptArray], for key: ArrayKey) {
    onWrite(key)
    base.write(numbers, for: key)
  }
}

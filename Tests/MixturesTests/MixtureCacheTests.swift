import BenchCore
import Foundation
import Tensor
import Testing
import _Fixtures

@testable import Mixtures

@Suite struct MixtureCacheTests {
  private let directory: TemporaryDirectory
  private let train: PixelDataset
  private let test: PixelDataset
  private let settings = MixtureSettings(
    imagesPerComponent: 100, maximumComponents: 2, factors: 3, tangentDimension: 2, priorImages: 10)

  init() throws {
    directory = try TemporaryDirectory()
    train = try MixtureFixtures.dataset(400, split: "train")
    test = try MixtureFixtures.dataset(100, split: "test")
  }

  private func reference(_ progress: NotingProgress, cache: URL? = nil) -> MixtureReference {
    MixtureReference(
      train: train, test: test, classNames: ["a", "b"], settings: settings,
      options: TaskOptions(
        dataDirectory: nil, cacheDirectory: cache ?? directory.url, threads: 1, progress: progress))
  }

  private func cacheFile() throws -> URL {
    try MixtureCache(directory: directory.url, train: train, settings: settings).file
  }

  @Test("what is read back has the same bits, and nothing is fitted again")
  func roundTrip() throws {
    let first = NotingProgress()
    let fitted = try reference(first).fitted()
    #expect(first.notes.count == 1)
    let second = NotingProgress()
    #expect(try reference(second).fitted() == fitted)
    #expect(second.notes.isEmpty)
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.url.path)
    #expect(names == [try cacheFile().lastPathComponent])
  }

  @Test("a damaged cache is replaced with a note", arguments: ["empty", "garbage", "truncated", "flipped", "lying"])
  func damaged(kind: String) throws {
    let fitted = try reference(NotingProgress()).fitted()
    let file = try cacheFile()
    var bytes = [UInt8](try Data(contentsOf: file))
    switch kind {
    case "empty": bytes = []
    case "garbage": bytes = (0..<500).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    case "truncated": bytes.removeLast(bytes.count / 2)
    case "flipped": bytes[bytes.count - 900] ^= 0x10
    default:
      // A count that the other tensors do not bear out.
      let header = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
      bytes[8 + header] = 200
    }
    try Data(bytes).write(to: file)
    let progress = NotingProgress()
    #expect(try reference(progress).fitted() == fitted)
    #expect(progress.notes.first?.hasPrefix("cached mixture not used, fitting again: ") == true)
    // The file is whole again.
    let again = NotingProgress()
    #expect(try reference(again).fitted() == fitted)
    #expect(again.notes.isEmpty)
  }

  @Test("other test images take the fit from the cache and measure it anew")
  func otherTestImages() throws {
    let fitted = try reference(NotingProgress()).fitted()
    let other = try MixtureFixtures.dataset(60, split: "other")
    func elsewhere(_ progress: NotingProgress, cache: URL?) -> MixtureReference {
      MixtureReference(
        train: train, test: other, classNames: ["a", "b"], settings: settings,
        options: TaskOptions(dataDirectory: nil, cacheDirectory: cache, threads: 1, progress: progress))
    }
    let progress = NotingProgress()
    let measured = try elsewhere(progress, cache: directory.url).fitted()
    #expect(progress.notes.isEmpty && measured.components == fitted.components && measured.heldOutImages == 60)
    #expect(measured.heldOutLogLikelihood != fitted.heldOutLogLikelihood)
    // As without a cache.
    #expect(try elsewhere(NotingProgress(), cache: nil).fitted() == measured)
    #expect(try reference(NotingProgress()).fitted() == fitted)
  }

  @Test("a cache that cannot be written is noted and the result stands")
  func unwritable() throws {
    try directory.write([1], "file")
    let progress = NotingProgress()
    let fitted = try reference(progress, cache: directory.url.appendingPathComponent("file/below")).fitted()
    #expect(fitted.components.count == 2)
    #expect(progress.notes.last?.contains("could not be cached") == true)
  }

  @Test("other images and other settings have other files")
  func keys() throws {
    var other = settings
    other.factors = 4
    let files = try Set([
      cacheFile(), MixtureCache(directory: directory.url, train: train, settings: other).file,
      MixtureCache(directory: directory.url, train: test, settings: settings).file,
    ])
    #expect(files.count == 3)
  }
}

import BenchCore
import Checkpoints
import Foundation
import Plugins
import Tensor

// Time of an autoencoder's orthonormal tangent bases at random images: `TangentSpaceBenchmark CHECKPOINT C,H,W IMAGES THREADS`.
// The checkpoint's description lies beside it. Prints the seconds per image, the median of several runs.

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count == 4, let images = Int(arguments[2]), let threads = Int(arguments[3]) else {
  FileHandle.standardError.write(Data("TangentSpaceBenchmark CHECKPOINT C,H,W IMAGES THREADS\n".utf8))
  exit(2)
}
let shape = Shape(arguments[1].split(separator: ",").compactMap { Int($0) })
let checkpoint = try CheckpointFile.open(arguments[0])
let description = try DescriptionLookup(modelsFolder: nil).find(for: checkpoint, explicit: nil)?.description
let manifold = try AutoencoderPlugin.load(
  [ReferenceFile(checkpoint, description)],
  ReferenceOptions(task: "cifar10", imageShape: shape, classCount: 10, threads: threads))
let random = RandomStream(seed: 1, name: "images")
let batch = Tensor(
  shape: shape.prepending(images), scalars: random.normals(item: 0, count: images * shape.count).map { Float($0) })
_ = try manifold.tangentBasis(at: batch)
let times = try (0..<5).map { _ in
  let start = ContinuousClock.now
  _ = try manifold.tangentBasis(at: batch)
  let time = (ContinuousClock.now - start).components
  return (Double(time.seconds) + 1e-18 * Double(time.attoseconds)) / Double(images)
}.sorted()
print("{\"secondsPerImage\": \(times[times.count / 2])}")

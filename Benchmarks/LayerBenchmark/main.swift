import Foundation
import Graph
import Kernels
import Tensor

// Time of single convolutions, forward and both gradients, and their share of the processor's multiply-add peak, measured in
// the same run. A share above 100 % is an algorithm that needs fewer multiplications than the definition.
//
// Times are those that the thread spent computing, so that other work on the machine disturbs little; each is the best of
// several.
//
//   LayerBenchmark [batch] [network] [fast or exact]

/// Seconds that this thread has computed.
func threadTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}

func bestTime(repeats: Int, _ body: () -> Void) -> Double {
  body()
  var best = Double.infinity
  var spent = 0.0
  var runs = 0
  while runs < repeats || (spent < 0.2 && runs < 50) {
    let start = threadTime()
    body()
    let time = threadTime() - start
    best = min(best, time)
    spent += time
    runs += 1
  }
  return best
}

struct Layer {
  let channels: Int, outputs: Int, height: Int, width: Int, window: Int, stride: Int
  var groups = 1

  var description: String {
    "\(channels)->\(outputs) \(window)x\(window)/\(stride) on \(height)x\(width)" + (groups > 1 ? " in \(groups)" : "")
  }
}

let networks: [(name: String, layers: [Layer])] = [
  (
    "ResNet-18",
    [
      Layer(channels: 3, outputs: 64, height: 32, width: 32, window: 3, stride: 1),
      Layer(channels: 64, outputs: 64, height: 32, width: 32, window: 3, stride: 1),
      Layer(channels: 64, outputs: 128, height: 32, width: 32, window: 3, stride: 2),
      Layer(channels: 64, outputs: 128, height: 32, width: 32, window: 1, stride: 2),
      Layer(channels: 128, outputs: 128, height: 16, width: 16, window: 3, stride: 1),
      Layer(channels: 128, outputs: 256, height: 16, width: 16, window: 3, stride: 2),
      Layer(channels: 256, outputs: 256, height: 8, width: 8, window: 3, stride: 1),
      Layer(channels: 256, outputs: 512, height: 8, width: 8, window: 3, stride: 2),
      Layer(channels: 512, outputs: 512, height: 4, width: 4, window: 3, stride: 1),
    ]
  ),
  (
    "small",
    [
      Layer(channels: 1, outputs: 8, height: 20, width: 40, window: 3, stride: 1),
      Layer(channels: 8, outputs: 8, height: 20, width: 40, window: 3, stride: 1),
      Layer(channels: 16, outputs: 16, height: 20, width: 40, window: 3, stride: 1),
      Layer(channels: 32, outputs: 32, height: 20, width: 40, window: 3, stride: 1),
      Layer(channels: 16, outputs: 32, height: 28, width: 28, window: 3, stride: 2),
      Layer(channels: 32, outputs: 32, height: 10, width: 20, window: 3, stride: 1),
      Layer(channels: 32, outputs: 64, height: 14, width: 14, window: 5, stride: 1),
      Layer(channels: 64, outputs: 64, height: 7, width: 7, window: 3, stride: 1),
    ]
  ),
  (
    "VGG-11",
    [
      Layer(channels: 3, outputs: 64, height: 32, width: 32, window: 3, stride: 1),
      Layer(channels: 64, outputs: 128, height: 16, width: 16, window: 3, stride: 1),
      Layer(channels: 128, outputs: 256, height: 8, width: 8, window: 3, stride: 1),
      Layer(channels: 256, outputs: 256, height: 8, width: 8, window: 3, stride: 1),
      Layer(channels: 256, outputs: 512, height: 4, width: 4, window: 3, stride: 1),
      Layer(channels: 512, outputs: 512, height: 4, width: 4, window: 3, stride: 1),
      Layer(channels: 512, outputs: 512, height: 2, width: 2, window: 3, stride: 1),
    ]
  ),
  (
    "ResNet-50",
    [
      Layer(channels: 3, outputs: 64, height: 224, width: 224, window: 7, stride: 2),
      Layer(channels: 64, outputs: 64, height: 56, width: 56, window: 3, stride: 1),
      Layer(channels: 256, outputs: 64, height: 56, width: 56, window: 1, stride: 1),
      Layer(channels: 256, outputs: 1024, height: 14, width: 14, window: 1, stride: 1),
      Layer(channels: 2048, outputs: 512, height: 7, width: 7, window: 1, stride: 1),
    ]
  ),
  (
    "groups",
    [
      Layer(channels: 96, outputs: 96, height: 112, width: 112, window: 3, stride: 2, groups: 96),
      Layer(channels: 144, outputs: 144, height: 56, width: 56, window: 3, stride: 1, groups: 144),
      Layer(channels: 576, outputs: 576, height: 14, width: 14, window: 3, stride: 1, groups: 576),
      Layer(channels: 240, outputs: 240, height: 28, width: 28, window: 5, stride: 2, groups: 240),
      Layer(channels: 672, outputs: 672, height: 14, width: 14, window: 5, stride: 1, groups: 672),
      Layer(channels: 96, outputs: 96, height: 56, width: 56, window: 7, stride: 1, groups: 96),
      Layer(channels: 768, outputs: 768, height: 7, width: 7, window: 7, stride: 1, groups: 768),
      Layer(channels: 128, outputs: 128, height: 56, width: 56, window: 3, stride: 1, groups: 32),
    ]
  ),
]

let arguments = CommandLine.arguments.dropFirst()
let batch = arguments.first.flatMap { Int($0) } ?? 16
let chosen = arguments.dropFirst().first
let precision = arguments.dropFirst(2).first.flatMap { Precision(rawValue: $0) } ?? .fast

let vectors = VectorKernels()
var sink: Float = 0
let repetitions = 4_000_000
var count = 0
let peakTime = bestTime(repeats: 5) {
  let result = vectors.multiplyAddPeak(repetitions: repetitions)
  count = result.count
  sink += result.value
}
let peak = Double(count) / peakTime
print("\(vectors.instructionSet), peak \(String(format: "%.1f", 2 * peak / 1e9)) GFLOP/s\(sink < 0 ? " " : "")")

func column(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }
func cell(_ seconds: Double, _ products: Double) -> String {
  let time = String(format: "%.2f ms", seconds * 1e3)
  return column("\(time) \(String(format: "%.0f", 100 * products / seconds / peak)) %", 18)
}

for (name, layers) in networks where chosen == nil || chosen == name {
  let title = "\(name), batch \(batch), \(precision)"
  print(column(title, 36) + column("forward", 18) + column("input gradient", 18) + "weight gradient")
  for layer in layers {
    let geometry = ConvolutionGeometry(stride: layer.stride, padding: layer.window / 2, groups: layer.groups)
    var graph = Graph()
    func random(_ shape: Shape) -> Tensor {
      let values = RandomStream(seed: 1, name: layer.description).normals(item: 0, count: shape.count)
      return Tensor(shape: shape, scalars: values.map { Float($0) })
    }
    let image: Shape = [batch, layer.channels, layer.height, layer.width]
    let weights: Shape = [layer.outputs, layer.channels / layer.groups, layer.window, layer.window]
    let constant = graph.constant(random(weights))
    let x = graph.input("x", image)
    let y = try graph.conv2d(x, constant, geometry)
    let output = graph.shape(of: y)
    let products = Double(output.count) * Double(weights.droppingFirst.count)
    let g = graph.input("g", output)
    let dx = try graph.gradient(of: [(y, g)], withRespectTo: [x])[0]
    let dw = try graph.gradient(of: [(y, g)], withRespectTo: [constant])[0]
    var line = column(layer.description, 36)
    for (value, name, shape) in [(y, "x", image), (dx, "g", output), (dw, "", image)] {
      let workspace = Workspace(try Program(graph, outputs: [value], precision: precision))
      if name == "" {
        try workspace.set("x", to: random(image))
        try workspace.set("g", to: random(output))
      } else {
        try workspace.set(name, to: random(shape))
      }
      line += cell(bestTime(repeats: 3) { workspace.run() }, products)
    }
    print(line)
  }
}

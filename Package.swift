// swift-tools-version: 6.2
import PackageDescription

// Numerical code is unusable unoptimised, and debug-mode tests run real networks: these targets are compiled with
// optimisation in both configurations.
let optimised: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

// Continuous integration accepts no warning (scripts/test sets the variable); a newer compiler's new warnings must not keep
// anybody from building.
let strict: [SwiftSetting] = Context.environment["PAGS_BENCH_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]

// One source, three instruction sets. Only these targets may have such flags, and they may hold nothing that another target's
// code could be merged with: no generic code, nothing but raw pointers and SIMD types (scripts/check-kernels looks).
func instructions(_ features: [String]) -> [SwiftSetting] {
  #if arch(x86_64)
    optimised + [.unsafeFlags(features.flatMap { ["-Xcc", "-m" + $0] })]
  #else
    optimised
  #endif
}

let package = Package(
  name: "pags-bench",
  products: [
    .executable(name: "pags-bench", targets: ["Runner"]),
    .library(name: "BenchCore", targets: ["BenchCore"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    // System libraries; exactly one Swift target imports each.
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CJSONC", pkgConfig: "json-c", providers: [.apt(["libjson-c-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CCPUFeatures"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    .target(name: "JSON", dependencies: ["CJSONC"], swiftSettings: optimised),
    .target(name: "Images", dependencies: ["CPNG"], swiftSettings: optimised),
    .target(name: "Compression", dependencies: ["CZlib"], swiftSettings: optimised),
    .target(name: "Tensor", dependencies: ["COpenBLAS"], swiftSettings: optimised),
    .target(name: "KernelsPortable", swiftSettings: optimised),
    .target(name: "KernelsAVX2", swiftSettings: instructions(["avx2", "fma"])),
    .target(
      name: "KernelsAVX512",
      swiftSettings: instructions([
        "avx2", "fma", "avx512f", "avx512vl", "avx512bw", "avx512dq", "prefer-vector-width=512",
      ])),
    .target(
      name: "Kernels",
      dependencies: ["KernelsPortable", "KernelsAVX2", "KernelsAVX512", "CCPUFeatures"], swiftSettings: optimised),
    .target(name: "Graph", dependencies: ["Tensor", "Kernels"], swiftSettings: optimised),
    .target(
      name: "Checkpoints",
      dependencies: ["Tensor", "JSON", "Compression", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: optimised),
    .target(
      name: "BenchCore",
      dependencies: ["Tensor", "Checkpoints", "JSON", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: optimised),
    .target(
      name: "Plugins",
      dependencies: [
        "BenchCore", "Graph", "Checkpoints", "JSON", "Compression", "Tensor",
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: optimised),
    .executableTarget(
      name: "Runner",
      dependencies: [
        "Plugins", "BenchCore", "Checkpoints", "JSON", "Images", "Tensor",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // Time of single convolutions against the processor's peak; see docs/performance.md.
    .executableTarget(
      name: "LayerBenchmark", dependencies: ["Graph", "Kernels", "Tensor"], path: "Benchmarks/LayerBenchmark",
      swiftSettings: optimised),

    // Conformance checks and helpers that tests, and third-party plugins, run.
    .target(
      name: "_TestSupport", dependencies: ["BenchCore", "Graph", "Tensor", "Checkpoints"], swiftSettings: optimised),

    .testTarget(name: "JSONTests", dependencies: ["JSON"]),
    .testTarget(name: "ImagesTests", dependencies: ["Images"]),
    .testTarget(name: "CompressionTests", dependencies: ["Compression"]),
    .testTarget(name: "TensorTests", dependencies: ["Tensor"], swiftSettings: optimised),
    .testTarget(
      name: "KernelsTests", dependencies: ["Kernels", "Graph", "Tensor", "_TestSupport"], swiftSettings: optimised),
    .testTarget(name: "GraphTests", dependencies: ["Graph", "_TestSupport"], swiftSettings: optimised),
    .testTarget(name: "CheckpointsTests", dependencies: ["Checkpoints", "_TestSupport"], swiftSettings: optimised),
    .testTarget(name: "BenchCoreTests", dependencies: ["BenchCore", "_TestSupport"], swiftSettings: optimised),
    .testTarget(name: "PluginsTests", dependencies: ["Plugins", "_TestSupport"], swiftSettings: optimised),
    .testTarget(
      name: "RunnerTests", dependencies: ["Runner", "BenchCore", "Checkpoints", "JSON", "Tensor"],
      exclude: ["Snapshots"],
      swiftSettings: optimised),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
  target.swiftSettings = (target.swiftSettings ?? []) + strict
}

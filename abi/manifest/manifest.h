/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled system description: what `skerry build` writes and the boot
 * builder reads. Little-endian, naturally aligned, no pointers. It holds what
 * the hypervisor needs and nothing that it would have to parse: every name is
 * resolved, every guest-physical address is chosen, every table that only the
 * guest reads (ACPI, start_info, command line) is a payload already.
 *
 * Layout of an image file:
 *
 *   0 +-----------------------------+
 *     | struct manifest_header      |  256 bytes
 *     +-----------------------------+
 *     | domains, vcpus, regions,    |  arrays, each 8-byte aligned, at the
 *     | loads, payloads, channels,  |  offsets that the header gives
 *     | environment                 |
 *     +-----------------------------+  manifest_size, then zeroes to a page
 *     | payload 0                   |  each starts on a 4096-byte boundary and
 *     | payload 1 ...               |  is padded with zeroes to one
 *     +-----------------------------+  image_size
 */
#ifndef ABI_MANIFEST_H
#define ABI_MANIFEST_H

#ifdef __KERNEL_HV__
#include <lib/types.h>
#else
#include <stdint.h>
#endif

#define MANIFEST_MAGIC            "SKERRY\x01\n" /* 8 bytes without the terminator */
#define MANIFEST_VERSION          1u

#define MANIFEST_PAGE             4096u
#define MANIFEST_MAX_DOMAINS      256u
#define MANIFEST_MAX_VCPUS        288u /* of one domain */
#define MANIFEST_MAX_CHANNELS     4096u
#define MANIFEST_MAX_GRANT_FRAMES 1024u
#define MANIFEST_MAX_MAPTRACK     65536u
#define MANIFEST_MIN_TSC_KHZ      100000u
#define MANIFEST_MAX_TSC_KHZ      20000000u
#define MANIFEST_NAME_SIZE        32u /* with the terminating zero */

/* A checksum of damage, not of malice: see docs/decisions/0002-image-checksum.md.
 * The bytes are read as little-endian 64-bit words w[i], the end padded with
 * zeroes. a = a + w[i], b = b + a, both modulo 2^64, starting at a = 1, b = 0. */
struct manifest_sum {
  uint64_t a;
  uint64_t b;
};

struct manifest_table {
  uint32_t offset; /* bytes from the start of the image */
  uint32_t count;  /* elements */
};

/* What the machine does when every domain has stopped. */
enum manifest_all_stopped {
  MANIFEST_ALL_STOPPED_POWEROFF = 0,
  MANIFEST_ALL_STOPPED_STAY = 1, /* the console stays up */
};

struct manifest_header {
  char magic[8];
  uint32_t version;
  uint32_t header_size;    /* sizeof(struct manifest_header) */
  uint64_t image_size;     /* bytes, payloads included; a multiple of a page */
  uint64_t manifest_size;  /* bytes that `sum` covers: header and tables */
  struct manifest_sum sum; /* of [0, manifest_size) with this field as zeroes */
  struct manifest_table domains;
  struct manifest_table vcpus;
  struct manifest_table regions;
  struct manifest_table loads;
  struct manifest_table payloads;
  uint32_t machine_cpus;         /* the machine must have at least so many CPUs */
  uint32_t all_stopped;          /* enum manifest_all_stopped */
  uint32_t slice_us;             /* fair scheduler: longest turn while others wait */
  uint32_t console_domain;       /* index of the domain that has the input first */
  uint64_t machine_kib;          /* sum of all domains' memory, for a first check */
  char name[MANIFEST_NAME_SIZE]; /* of the system */
  struct manifest_table channels;
  struct manifest_table environment; /* bytes: lines of text on what the image was built with */
  uint8_t reserved[96];              /* zeroes */
};

/* What happens to a domain (or the machine) when the domain ends. */
enum manifest_action {
  MANIFEST_ACTION_STOP = 0,
  MANIFEST_ACTION_RESTART = 1,
  MANIFEST_ACTION_POWEROFF = 2, /* of the machine */
};

#define MANIFEST_DOMAIN_CONSOLE   (1u << 0) /* has a PV console (hvc0) */
#define MANIFEST_DOMAIN_SMT_SHARE (1u << 1) /* may share a core's threads with others */
#define MANIFEST_DOMAIN_WATCHES   (1u << 2) /* learns of every domain's start and end (a store) */
#define MANIFEST_DOMAIN_LINE      (1u << 3) /* its UART is the hypervisor's, and no other */

struct manifest_domain {
  char name[MANIFEST_NAME_SIZE];
  uint8_t handle[16];  /* what XENVER_guest_handle returns */
  uint16_t domid;      /* 1.., unique; the order of the system file */
  uint16_t flags;      /* MANIFEST_DOMAIN_* */
  uint32_t weight;     /* fair scheduler: 1..65535, 256 is usual */
  uint8_t on_shutdown; /* enum manifest_action */
  uint8_t on_reboot;
  uint8_t on_crash;
  uint8_t reserved0;
  uint32_t max_restarts; /* then the domain stays stopped; 0: no limit */
  uint32_t first_vcpu;   /* into vcpus */
  uint32_t vcpus;        /* 1..MANIFEST_MAX_VCPUS */
  uint32_t first_region; /* into regions: the guest's memory map */
  uint32_t regions;
  uint32_t first_load; /* into loads */
  uint32_t loads;
  uint64_t entry;         /* guest-physical, below 4 GiB: XEN_ELFNOTE_PHYS32_ENTRY */
  uint64_t start_info;    /* guest-physical address of struct hvm_start_info */
  uint64_t max_pages;     /* limit of pages that the domain may own: all backed regions */
  uint64_t special_gfn;   /* first of `special_pages` pages for rings: a RESERVED region, backed */
  uint32_t special_pages; /* special_gfn + 0: console ring; + 1: store ring */
  uint32_t evtchn_limit;  /* ports, at most 4096 */
  uint64_t acpi_gpa;      /* where the guest's ACPI tables start, for reset */
  uint32_t grant_frames;  /* most pages of its grant table, 512 entries each; 0: it has none */
  uint32_t maptrack;      /* most grants of other domains that it maps at one time */
  uint16_t first_port;    /* I/O ports that it has: those of a UART, */
  uint16_t ports;         /* so many; 0: none */
  uint16_t interrupt;     /* and its ISA interrupt */
  uint16_t reserved1;
  uint32_t tsc_khz;      /* rate of its TSC, MANIFEST_TSC_KHZ_*; 0: the machine's */
  uint8_t reserved[100]; /* zeroes */
};

#define MANIFEST_CPU_ANY 0xffffu

struct manifest_vcpu {
  uint16_t cpu; /* CPU it is pinned to, in MADT order with the boot CPU first; or ANY */
  uint16_t reserved;
};

/* One entry of the guest's memory map, sorted, without overlap. RAM regions are
 * backed with memory and count; RESERVED and ACPI ones are backed too when
 * `backed` is set (special pages, ACPI tables). */
enum manifest_region_type {
  MANIFEST_REGION_RAM = 1, /* the numbers are those of an e820 map */
  MANIFEST_REGION_RESERVED = 2,
  MANIFEST_REGION_ACPI = 3,
};

struct manifest_region {
  uint64_t gpa;  /* page-aligned */
  uint64_t size; /* bytes, page-aligned, not 0 */
  uint32_t type; /* enum manifest_region_type */
  uint32_t backed;
};

/* Copy `file_size` bytes of a payload to `gpa`; what follows up to `mem_size`
 * is zero already, since all memory is scrubbed. */
struct manifest_load {
  uint64_t gpa;
  uint64_t mem_size;
  uint64_t file_size;
  uint64_t payload_offset; /* bytes into the payload */
  uint32_t payload;        /* index */
  uint32_t reserved;
};

/* What is declared between two domains; nothing else crosses. `front` is the client (of a memory
 * range: who borrows it), `back` the one that serves (or owns). A range whose both ends are one
 * domain is what it keeps over its restarts. */
enum manifest_channel_kind {
  MANIFEST_CHANNEL_EVENTS = 1,  /* a pair of ports, bound from the start */
  MANIFEST_CHANNEL_MEMORY = 2,  /* a range of back's memory that front sees too */
  MANIFEST_CHANNEL_DISK = 3,    /* grants of front to back; event channels both ways */
  MANIFEST_CHANNEL_NETWORK = 4, /* the same */
  MANIFEST_CHANNEL_CONSOLE = 5, /* the same, and a ring and a pair of ports from the start */
  MANIFEST_CHANNEL_STORE = 6,   /* the same as CONSOLE */
};

#define MANIFEST_CHANNEL_WRITABLE (1u << 0) /* MEMORY: front may write */

struct manifest_channel {
  uint16_t kind;  /* enum manifest_channel_kind */
  uint16_t flags; /* MANIFEST_CHANNEL_* */
  uint16_t front; /* index into domains */
  uint16_t back;
  uint32_t front_port; /* EVENTS, CONSOLE, STORE: bound to each other at the start of */
  uint32_t back_port;  /* either domain; else 0 */
  uint64_t front_gpa;  /* MEMORY: page-aligned; in one region of its map, RESERVED and not backed */
  uint64_t
      back_gpa;  /* MEMORY: where back has it: in one backed region, RESERVED unless it is RAM */
  uint64_t size; /* MEMORY: bytes, whole pages */
  char name[MANIFEST_NAME_SIZE]; /* for the report; a disk's name in front ("xvda") */
};

enum manifest_payload_kind {
  MANIFEST_PAYLOAD_KERNEL = 1, /* the ELF file's loaded bytes */
  MANIFEST_PAYLOAD_RAMDISK = 2,
  MANIFEST_PAYLOAD_TABLES = 3, /* start_info, module list, command line, memory map, ACPI */
};

struct manifest_payload {
  uint64_t offset; /* in the image, page-aligned */
  uint64_t size;   /* bytes; padded with zeroes to a page */
  struct manifest_sum sum;
  uint8_t sha256[32]; /* for people and for measured boot; not checked at boot */
  uint32_t kind;      /* enum manifest_payload_kind */
  uint32_t reserved;
  char name[MANIFEST_NAME_SIZE]; /* for messages: "app: kernel" */
};

#define MANIFEST_ASSERT(c, m) _Static_assert(c, m)
MANIFEST_ASSERT(sizeof(struct manifest_header) == 256, "manifest_header");
MANIFEST_ASSERT(sizeof(struct manifest_domain) == 256, "manifest_domain");
MANIFEST_ASSERT(sizeof(struct manifest_vcpu) == 4, "manifest_vcpu");
MANIFEST_ASSERT(sizeof(struct manifest_region) == 24, "manifest_region");
MANIFEST_ASSERT(sizeof(struct manifest_load) == 40, "manifest_load");
MANIFEST_ASSERT(sizeof(struct manifest_payload) == 104, "manifest_payload");
MANIFEST_ASSERT(sizeof(struct manifest_channel) == 72, "manifest_channel");

#endif

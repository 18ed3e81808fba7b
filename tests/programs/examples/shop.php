<?php
// SPDX-License-Identifier: GPL-2.0
// What one request does: makes a list of items, and looks for those of one price.

function load_items(int $items): array
{
	$catalogue = [];
	for ($i = 0; $i < $items; $i++)
		$catalogue[] = ['id' => $i, 'price' => 1000 + $i % 7919];
	return $catalogue;
}

function find(array $catalogue, int $price): int
{
	return count(array_filter($catalogue, fn($item) => $item['price'] == $price));
}

echo getmypid(), " ", find(load_items(20000), 1005), "\n";
